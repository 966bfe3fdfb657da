import { createHash } from 'node:crypto';
import { Failure } from '../../core/failure.ts';
import type { Statement, StatementResult } from './messages.ts';
import type { DatabaseThread } from './thread-client.ts';

/** A change of the schema. Once released it never changes; the next one gets the next number, from 1 without gaps. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** Brings the file to the newest schema. Whoever opens it at the same moment waits, and finds the work done. */
export async function migrate(
  thread: DatabaseThread,
  file: string,
  migrations: readonly Migration[],
): Promise<void> {
  checkNumbers(migrations);
  let applied = await readApplied(thread);
  checkHistory(file, migrations, applied);
  while (applied.length < migrations.length) {
    await applyNext(thread, file, migrations);
    applied = await readApplied(thread);
  }
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const createTable =
  'CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT';

/** One transaction: the others' progress is read again inside it. */
async function applyNext(
  thread: DatabaseThread,
  file: string,
  migrations: readonly Migration[],
): Promise<void> {
  await run(thread, { sql: 'BEGIN IMMEDIATE', parameters: [] });
  try {
    await run(thread, { sql: createTable, parameters: [] });
    const applied = await readApplied(thread);
    checkHistory(file, migrations, applied);
    const next = migrations[applied.length];
    if (next !== undefined) {
      await thread.send({ kind: 'script', sql: next.sql });
      await run(thread, {
        sql: 'INSERT INTO schema_migration (number, name, checksum) VALUES (?, ?, ?)',
        parameters: [next.number, next.name, checksum(next)],
      });
    }
    await run(thread, { sql: 'COMMIT', parameters: [] });
  } catch (error) {
    await thread.send({ kind: 'rollback' });
    throw error;
  }
}

async function readApplied(thread: DatabaseThread): Promise<readonly Applied[]> {
  const tables = await run(thread, {
    sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'",
    parameters: [],
  });
  if (tables?.rows.length !== 1) return [];
  const sql = 'SELECT number, name, checksum FROM schema_migration ORDER BY number';
  const result = await run(thread, { sql, parameters: [] });
  return (result?.rows ?? []) as Applied[];
}

async function run(thread: DatabaseThread, statement: Statement) {
  const [result] = await thread.send({ kind: 'run', statement });
  return result satisfies StatementResult | undefined;
}

function checkNumbers(migrations: readonly Migration[]): void {
  const wrong = migrations.find(({ number }, position) => number !== position + 1);
  if (wrong !== undefined)
    throw new Error(`Migration ${wrong.number} "${wrong.name}" is out of order`);
}

function checkHistory(
  file: string,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > migrations.length)
    throw new Failure(
      `The database ${file} was written by a newer version of Berth: it is at schema ${newest.number} ("${newest.name}"), this version knows ${migrations.length}.`,
      { nextStep: 'Start the newer version, or restore the backup made before the upgrade.' },
    );
  const different = applied.find((one, position) => !isSame(one, migrations[position]));
  if (different !== undefined)
    throw new Failure(
      `The database ${file} has another schema ${different.number} ("${different.name}") than this version of Berth.`,
      { nextStep: 'Check that the file belongs to this version of Berth, or restore a backup.' },
    );
}

function isSame(applied: Applied, migration: Migration | undefined): boolean {
  return (
    migration !== undefined &&
    applied.number === migration.number &&
    applied.checksum === checksum(migration)
  );
}

function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
