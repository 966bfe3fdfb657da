import { readFileSync } from 'node:fs';
import { Failure } from '../../../core/failure.ts';
import type { SnapshotRow, SnapshotStore, SnapshotTable } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { blockFolder, isWithin, pathOf } from './block-files.ts';
import { migrations } from './schema.ts';

/** Where the entries are, of a block that has them in a file. */
const placeColumns = ['file', 'file_from', 'file_bytes'];
type ColumnsOfPlace = [file: number, from: number, bytes: number];

/** Of the logs in this file. A snapshot has all entries in its rows, as those that were never in a file. */
export function openLogSnapshots(file: string): SnapshotStore {
  const store = sqliteSnapshotStore(file, migrations, { mayShrink: true });
  return {
    ...store,
    async open() {
      const snapshot = await store.open();
      return {
        schema: snapshot.schema,
        tables: snapshot.tables.map((table) => takeEntriesIn(table, blockFolder(file))),
        [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
      };
    },
    async create(schema) {
      const target = await store.create(schema);
      return {
        openTable(name, columns) {
          const insert = target.openTable(name, columns);
          const places =
            name === 'log_block' ? placeColumns.map((one) => columns.indexOf(one)) : [];
          return async (rows) => {
            if (rows.some((row) => places.some((place) => (row[place] ?? null) !== null)))
              throw new Failure('The backup has blocks of logs that lie in files.', {
                nextStep: 'Take a backup that `berth backup` has made.',
              });
            await insert(rows);
          };
        },
        finish: () => target.finish(),
        [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
      };
    },
  };
}

function takeEntriesIn(table: SnapshotTable, folder: string): SnapshotTable {
  const { name, columns } = table;
  if (name !== 'log_block' || !columns.includes('file')) return table;
  const entries = columns.indexOf('entries');
  const [file, from, bytes] = placeColumns.map((one) => columns.indexOf(one)) as ColumnsOfPlace;
  const read = oneFileAtATime(folder);
  return {
    name,
    columns,
    *rows() {
      // SQLite's are read at once.
      for (const row of table.rows() as Iterable<SnapshotRow>) {
        const taken = [...row];
        if (typeof row[file] === 'string') {
          const place = { from: Number(row[from]), bytes: Number(row[bytes]) };
          const whole = read(row[file]);
          // Whoever forgets logs does not wait for this.
          if (whole === undefined || !isWithin(place, whole.length)) continue;
          taken[entries] = whole.toString('utf8', place.from, place.from + place.bytes);
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
