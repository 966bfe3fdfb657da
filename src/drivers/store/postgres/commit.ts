import type { Write } from '../sql/write.ts';
import type { Connection, Connections } from './connections.ts';
import { isWorthRepeating, UnmetWrite } from './errors.ts';

/** What commits and whoever migrates hold; any number that only Berth uses in its database. */
export const locks = { commit: 72_617_401, migrate: 72_617_402 } as const;
export const channel = 'berth_commit';

/** One statement after another sees what is committed by then, and the lock makes the commits take turns. */
const begin = `begin isolation level read committed; select pg_advisory_xact_lock(${locks.commit})`;
const commit = `select pg_notify('${channel}', ''); commit`;

const mostTries = 5;

/**
 * All or nothing, and one commit after another, of whatever process: the SQL is the same as for SQLite, which has one
 * writer, and the order of commits is the order of the numbers that they get.
 */
export async function runBatch(connections: Connections, writes: readonly Write[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await tryBatch(connections, writes);
      return;
    } catch (error) {
      if (tries === mostTries || !isWorthRepeating(error)) throw error;
    }
  }
}

async function tryBatch(connections: Connections, writes: readonly Write[]): Promise<void> {
  await inTransaction(connections, { begin, commit }, async (connection) => {
    for (const [position, { query, expects }] of writes.entries()) {
      const { sql, parameters } = query.compile();
      const { rowCount } = await connection.query(sql, parameters);
      if (expects !== undefined && rowCount !== 1) throw new UnmetWrite(position);
    }
  });
}

export async function inTransaction(
  connections: Connections,
  statements: { readonly begin: string; readonly commit: string },
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await connections.connect();
  try {
    await connection.query(statements.begin, []);
    await work(connection);
    await connection.query(statements.commit, []);
  } catch (error) {
    // Where even that fails the connection is broken, and the server has undone everything.
    await connection.query('rollback', []).catch(() => {});
    throw error;
  } finally {
    connection.release();
  }
}
