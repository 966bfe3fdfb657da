import type { Write } from '../sql/write.ts';
import type { Connection, Connections } from './connections.ts';
import { isWorthRepeating, UnmetWrite } from './errors.ts';

/** What whoever migrates holds; any number that only Berth uses in its database. */
export const migrationLock = 72_617_402;

/** One statement after another sees what is committed by then. */
const statements = { begin: 'begin isolation level read committed', commit: 'commit' } as const;

const mostTries = 5;

/**
 * All or nothing. A write takes the row that it changes until the end of the commit, and whoever wants the same row waits
 * for that and looks at it again; those that want other rows do not wait. Where two wait for each other the server ends
 * one, which is repeated.
 * @returns whether anything has changed
 */
export async function runBatch(
  connections: Connections,
  writes: readonly Write[],
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryBatch(connections, writes);
    } catch (error) {
      if (tries === mostTries || !isWorthRepeating(error)) throw error;
    }
  }
}

async function tryBatch(connections: Connections, writes: readonly Write[]): Promise<boolean> {
  let rows = 0;
  await inTransaction(connections, statements, async (connection) => {
    for (const [position, { query, expects }] of writes.entries()) {
      const { sql, parameters } = query.compile();
      const { rowCount } = await connection.query(sql, parameters);
      if (expects !== undefined && rowCount !== 1) throw new UnmetWrite(position);
      rows += rowCount ?? 0;
    }
  });
  return rows > 0;
}

export async function inTransaction(
  connections: Connections,
  { begin, commit }: { readonly begin: string; readonly commit: string },
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await connections.connect();
  try {
    await connection.query(begin, []);
    await work(connection);
    await connection.query(commit, []);
  } catch (error) {
    // Where even that fails the connection is broken, and the server has undone everything.
    await connection.query('rollback', []).catch(() => {});
    throw error;
  } finally {
    connection.release();
  }
}
