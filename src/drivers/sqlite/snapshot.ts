import { access } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../core/failure.ts';
import type { SchemaChange } from '../../core/schema-history.ts';
import type { Snapshot, SnapshotRow, SnapshotTable } from '../../ports/snapshot.ts';
import { waitWhileBusy } from './busy.ts';

const busyTimeoutMs = 5000;

/**
 * Reads in one transaction, so that all tables are of one moment. Whoever writes is not kept from it; the log of the
 * database grows meanwhile. Synchronous, so not for a process that carries requests.
 */
export async function openSqliteSnapshot(file: string): Promise<Snapshot> {
  await access(file).catch((cause: unknown) => {
    throw new Failure(`There is no database ${file}.`, { cause });
  });
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA query_only = 1; BEGIN');
    const schema = waitWhileBusy(busyTimeoutMs, () => readSchema(database));
    const tables = readTableNames(database).map((name) => tableOf(database, name));
    const close = async (): Promise<void> => {
      if (database.isOpen) database.close();
    };
    return { schema, tables, [Symbol.asyncDispose]: close };
  } catch (error) {
    database.close();
    throw error;
  }
}

export const schemaTable = 'schema_migration';
/** Where SQLite keeps the highest id that each table has ever given. */
export const sequenceTable = 'sqlite_sequence';

export function readTableNames(database: DatabaseSync): readonly string[] {
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
    .all()
    .map(({ name }) => String(name));
  return names.filter(
    (name) => name === sequenceTable || (name !== schemaTable && !name.startsWith('sqlite_')),
  );
}

export function readColumns(database: DatabaseSync, table: string): readonly string[] {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  return columns.map(({ name }) => String(name));
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function readSchema(database: DatabaseSync): readonly SchemaChange[] {
  const rows = database
    .prepare(`SELECT number, name, checksum FROM ${schemaTable} ORDER BY number`)
    .all();
  return rows.map(({ number, name, checksum }) => ({
    number: Number(number),
    name: String(name),
    checksum: String(checksum),
  }));
}

function tableOf(database: DatabaseSync, name: string): SnapshotTable {
  const columns = readColumns(database, name);
  return {
    name,
    columns,
    *rows() {
      const select = database.prepare(
        `SELECT ${columns.map(quote).join(', ')} FROM ${quote(name)}`,
      );
      select.setReturnArrays(true);
      for (const row of select.iterate()) yield row as unknown as SnapshotRow;
    },
  };
}
