import { readFileSync } from 'node:fs';
import { Failure } from '../../../core/failure.ts';
import type { SnapshotRow, SnapshotStore, SnapshotTable } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { blockFolder, isWithin, pathOf } from './block-files.ts';
import { migrations } from './schema.ts';

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
          const at = columns.indexOf('file');
          return async (rows) => {
            if (name === 'log_block' && rows.some((row) => typeof (row[at] ?? null) === 'string'))
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
  const at = (column: string): number => columns.indexOf(column);
  const [entries, file, from, bytes] = [
    at('entries'),
    at('file'),
    at('file_from'),
    at('file_bytes'),
  ];
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
