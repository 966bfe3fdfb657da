import { readFileSync } from 'node:fs';
import type { SnapshotStore, SnapshotTable } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { blockFolder, pathOf } from './block-files.ts';
import { migrations } from './schema.ts';

/** Of the logs in this file. A snapshot has all entries in its rows, as those that were never in a file. */
export function openLogSnapshots(file: string): SnapshotStore {
  const store = sqliteSnapshotStore(file, migrations);
  return {
    ...store,
    async open() {
      const snapshot = await store.open();
      const withEntries = (table: SnapshotTable): SnapshotTable =>
        table.name === 'log_block' && table.columns.includes('file')
          ? takeEntriesIn(table, blockFolder(file))
          : table;
      return {
        schema: snapshot.schema,
        tables: snapshot.tables.map(withEntries),
        [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
      };
    },
  };
}

function takeEntriesIn(table: SnapshotTable, folder: string): SnapshotTable {
  const { name, columns } = table;
  const [entries, file, from, bytes] = ['entries', 'file', 'file_from', 'file_bytes'].map(
    (column) => columns.indexOf(column),
  ) as [number, number, number, number];
  const read = oneFileAtATime(folder);
  return {
    name,
    columns,
    async *rows() {
      for await (const row of table.rows()) {
        const taken = [...row];
        if (typeof row[file] === 'string') {
          const start = Number(row[from]);
          const text = read(row[file])?.subarray(start, start + Number(row[bytes]));
          // Whoever forgets logs does not wait for this.
          if (text === undefined || text.length !== row[bytes]) continue;
          taken[entries] = text.toString();
          for (const column of [file, from, bytes]) taken[column] = null;
        }
        yield taken;
      }
    },
  };
}

/** Blocks of one file stand together. */
function oneFileAtATime(folder: string): (name: string) => Buffer | undefined {
  let last: { readonly name: string; readonly bytes: Buffer | undefined } | undefined;
  return (name) => {
    if (last?.name !== name) last = { name, bytes: readWhereItIs(pathOf(folder, name)) };
    return last.bytes;
  };
}

function readWhereItIs(path: string | undefined): Buffer | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
