import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../core/failure.ts';
import { requireKnownSchema, type SchemaChange } from '../../core/schema-history.ts';
import type { SnapshotRow, SnapshotTarget } from '../../ports/snapshot.ts';
import type { Migration } from './migrate.ts';
import { quote, readColumns, readTableNames, schemaTable } from './snapshot.ts';

export interface TargetOptions {
  /** It can give pages back to the disk. */
  readonly mayShrink?: boolean;
}

/** A new file at the schema of the snapshot. Opening it later brings it to the newest one, as with any older file. */
export async function createSqliteTarget(
  file: string,
  migrations: readonly Migration[],
  schema: readonly SchemaChange[],
  { mayShrink = false }: TargetOptions = {},
): Promise<SnapshotTarget> {
  requireKnownSchema(file, schemaOf(migrations), schema);
  // Fails where there is one: nothing is written over.
  await (await open(file, 'wx', 0o600)).close();
  const database = new DatabaseSync(file);
  const discard = async (): Promise<void> => {
    if (database.isOpen) database.close();
    await Promise.all(['', '-wal', '-shm'].map((end) => rm(`${file}${end}`, { force: true })));
  };
  try {
    if (mayShrink) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    createSchema(database, migrations.slice(0, schema.length));
    return fillable(database, file, discard);
  } catch (error) {
    await discard();
    throw error;
  }
}

export function schemaOf(migrations: readonly Migration[]): readonly SchemaChange[] {
  return migrations.map(({ number, name, sql }) => ({
    number,
    name,
    checksum: createHash('sha256').update(sql).digest('hex'),
  }));
}

function createSchema(database: DatabaseSync, migrations: readonly Migration[]): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(
    `CREATE TABLE ${schemaTable} (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT`,
  );
  const insert = database.prepare(`INSERT INTO ${schemaTable} VALUES (?, ?, ?)`);
  for (const { sql } of migrations) database.exec(sql);
  for (const { number, name, checksum } of schemaOf(migrations)) insert.run(number, name, checksum);
}

function fillable(
  database: DatabaseSync,
  file: string,
  discard: () => Promise<void>,
): SnapshotTarget {
  let finished = false;
  return {
    openTable(name, columns) {
      const known = readTableNames(database).includes(name) ? readColumns(database, name) : [];
      if (known.length === 0 || !hasSameNames(known, columns))
        throw new Failure(`The backup has a table that ${file} has not.`, notOurs);
      // A migration has put rows into it, or SQLite itself does as rows come in; what it was is what counts.
      if (name !== schemaTable) database.exec(`DELETE FROM ${quote(name)}`);
      const places = columns.map(() => '?').join(', ');
      const insert = database.prepare(
        `INSERT INTO ${quote(name)} (${columns.map(quote).join(', ')}) VALUES (${places})`,
      );
      return async (rows) => insertAll(database, (row) => void insert.run(...row), rows);
    },
    async finish() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      const [check] = database.prepare('PRAGMA quick_check(1)').all();
      if (check?.['quick_check'] !== 'ok')
        throw new Failure(`The restored database ${file} is not sound.`);
      database.close();
      await syncFile(file);
      finished = true;
    },
    [Symbol.asyncDispose]: async () => void (finished || (await discard())),
  };
}

const hasSameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join('\n') === others.toSorted().join('\n');

const notOurs = { nextStep: 'Take a backup that `berth backup` has made.' };

function insertAll(
  database: DatabaseSync,
  insert: (row: SnapshotRow) => void,
  rows: readonly SnapshotRow[],
): void {
  database.exec('BEGIN');
  for (const row of rows) insert(row);
  database.exec('COMMIT');
}

async function syncFile(file: string): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.sync();
}
