import { createHash } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import type { SchemaChange } from '../../../core/schema-history.ts';
import { inTransaction, migrationLock } from './commit.ts';
import type { Connection, Connections } from './connections.ts';
import { migrations } from './migrations.ts';

const begin = `begin; select pg_advisory_xact_lock(${migrationLock})`;

/** What this version brings a database to, oldest first. */
export const schema: readonly SchemaChange[] = migrations.map(({ number, name, sql }) => ({
  number,
  name,
  checksum: createHash('sha256').update(sql).digest('hex'),
}));

/** Brings the database to the newest schema, all of it or nothing. Whoever starts at the same moment waits, and finds the work done. */
export async function migrate(connections: Connections): Promise<void> {
  await inTransaction(connections, { begin, commit: 'commit' }, async (connection) => {
    const applied = (await readHistory(connection)) ?? [];
    requireHistory(applied);
    await applyChanges(connection, applied.length, schema.length);
  });
}

/** Of a database at schema `from`, in the transaction that is open. */
export async function applyChanges(
  connection: Connection,
  from: number,
  to: number,
): Promise<void> {
  await connection.query(
    'create table if not exists schema_migration (number integer primary key, name text not null, checksum text not null)',
    [],
  );
  for (const { number, name, sql } of migrations.slice(from, to)) {
    await connection.query(sql, []);
    await connection.query(
      'insert into schema_migration (number, name, checksum) values ($1, $2, $3)',
      [number, name, schema[number - 1]?.checksum],
    );
  }
}

/** Undefined where the database is none of Berth's. */
export async function readHistory(
  connection: Connection,
): Promise<readonly SchemaChange[] | undefined> {
  const { rows } = await connection.query<{ found: boolean }>(
    "select to_regclass(quote_ident(current_schema()) || '.schema_migration') is not null as found",
    [],
  );
  if (rows[0]?.found !== true) return undefined;
  const sql = 'select number, name, checksum from schema_migration order by number';
  return (await connection.query<SchemaChange>(sql, [])).rows;
}

/** @throws Failure where a newer version has been here, or another program */
export function requireHistory(applied: readonly SchemaChange[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > migrations.length)
    throw new Failure(
      `The database was written by a newer version of Berth: it is at schema ${newest.number} ("${newest.name}"), this version knows ${migrations.length}.`,
      { nextStep: 'Start the newer version, or restore the backup made before the upgrade.' },
    );
  const different = applied.find(
    (one, at) => one.number !== at + 1 || one.checksum !== schema[at]?.checksum,
  );
  if (different !== undefined)
    throw new Failure(
      `The database has another schema ${different.number} ("${different.name}") than this version of Berth.`,
      { nextStep: 'Check that BERTH_DATABASE_URL names the database of this version of Berth.' },
    );
}
