import { createHash } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import { inTransaction, migrationLock } from './commit.ts';
import type { Connection, Connections } from './connections.ts';
import { migrations } from './migrations.ts';

const begin = `begin; select pg_advisory_xact_lock(${migrationLock})`;
const createTable =
  'create table if not exists schema_migration (number integer primary key, name text not null, checksum text not null)';

/** Brings the database to the newest schema, all of it or nothing. Whoever starts at the same moment waits, and finds the work done. */
export async function migrate(connections: Connections): Promise<void> {
  await inTransaction(connections, { begin, commit: 'commit' }, async (connection) => {
    await connection.query(createTable, []);
    const applied = await readApplied(connection);
    checkHistory(applied);
    for (const next of migrations.slice(applied.length)) {
      await connection.query(next.sql, []);
      await connection.query(
        'insert into schema_migration (number, name, checksum) values ($1, $2, $3)',
        [next.number, next.name, checksum(next.sql)],
      );
    }
  });
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

async function readApplied(connection: Connection): Promise<readonly Applied[]> {
  const sql = 'select number, name, checksum from schema_migration order by number';
  return (await connection.query<Applied>(sql, [])).rows;
}

function checkHistory(applied: readonly Applied[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > migrations.length)
    throw new Failure(
      `The database was written by a newer version of Berth: it is at schema ${newest.number} ("${newest.name}"), this version knows ${migrations.length}.`,
      { nextStep: 'Start the newer version, or restore the backup made before the upgrade.' },
    );
  const different = applied.find(
    (one, at) => one.number !== at + 1 || one.checksum !== checksum(migrations[at]?.sql ?? ''),
  );
  if (different !== undefined)
    throw new Failure(
      `The database has another schema ${different.number} ("${different.name}") than this version of Berth.`,
      { nextStep: 'Check that BERTH_DATABASE_URL names the database of this version of Berth.' },
    );
}

function checksum(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}
