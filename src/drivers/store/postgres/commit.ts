import type { Write } from '../sql/write.ts';
import type { Connection, Connections } from './connections.ts';
import { isWorthRepeating, UnmetWrite } from './errors.ts';

/** What whoever migrates holds; any number that only Berth uses in its database. */
export const migrationLock = 72_617_402;
/** What a commit holds that is repeated. */
const repeatLock = 72_617_403;

interface Statements {
  readonly begin: string;
  readonly commit: string;
}

/** One statement after another sees what is committed by then. */
const first = { begin: 'begin isolation level read committed', commit: 'commit' } as const;
/** Those that are repeated go one after another, so that they do not wait for each other in a circle again. */
const repeated = { ...first, begin: `${first.begin}; select pg_advisory_xact_lock(${repeatLock})` };

/** One that is repeated can still meet new ones each time. */
const mostTries = 10;

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
      return await tryBatch(connections, writes, tries === 1 ? first : repeated);
    } catch (error) {
      if (tries === mostTries || !isWorthRepeating(error)) throw error;
    }
  }
}

async function tryBatch(
  connections: Connections,
  writes: readonly Write[],
  statements: Statements,
): Promise<boolean> {
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
  { begin, commit }: Statements,
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
