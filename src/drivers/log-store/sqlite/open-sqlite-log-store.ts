import { extname } from 'node:path';
import type { LogStore } from '../../../ports/log-store.ts';
import { openSqlite } from '../../sqlite/open-sqlite.ts';
import { blockFolder } from './block-files.ts';
import { findPosition, followLogs } from './follow.ts';
import { packLogs } from './pack.ts';
import { keepPlaces } from './places.ts';
import { createPrune } from './prune.ts';
import { queryLogs } from './query.ts';
import { type LogDatabase, migrations } from './schema.ts';

export interface SqliteLogStoreOptions {
  readonly file: string;
  /** `prune` removes the oldest entries above it. */
  readonly maxBytes?: number;
}

/** The ending is this file's own: .ts from source, .js once compiled. */
const maker = new URL(`./make-blocks${extname(import.meta.url)}`, import.meta.url);

/** 8 and 64 MiB, each of which the disk takes twice: at 50 MB/s that is done before the patience of who collects logs ends. */
const writeBack = { quiet: 2048, most: 16_384 };

/** Logs in a file of their own, with a folder beside it, which several processes may open. A power cut may cost the last half a minute. */
export async function openSqliteLogStore(options: SqliteLogStoreOptions): Promise<LogStore> {
  const { file, maxBytes = 10 * 1024 ** 3 } = options;
  const database = await openSqlite<LogDatabase>({
    file,
    synchronous: 'NORMAL',
    migrations,
    writeBack,
    maker,
    mayShrink: true,
  });
  const folder = blockFolder(file);
  const stored = { kysely: database.kysely, folder };
  const collect: LogStore['collect'] = async (items) => {
    if (items.length > 0) await database.make(packLogs(items));
  };
  return {
    append: collect,
    collect,
    query: (query) => queryLogs(stored, query),
    follow: (query) => followLogs(stored, query),
    position: (of) => findPosition(database.kysely, of),
    places: keepPlaces(database),
    watch: (hint) => database.watch(hint),
    prune: createPrune({ database, folder, maxBytes }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
