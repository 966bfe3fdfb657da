import type { LogStore } from '../../../ports/log-store.ts';
import { openSqlite } from '../../sqlite/open-sqlite.ts';
import { compileAppend } from './append.ts';
import { findPosition, followLogs } from './follow.ts';
import { pruneLogs } from './prune.ts';
import { queryLogs } from './query.ts';
import { type LogDatabase, migrations } from './schema.ts';

export interface SqliteLogStoreOptions {
  readonly file: string;
  /** `prune` removes the oldest entries above it. */
  readonly maxBytes?: number;
}

/** Logs in a file of their own, which several processes may open. A power cut may cost the last second. */
export async function openSqliteLogStore(options: SqliteLogStoreOptions): Promise<LogStore> {
  const { file, maxBytes = 10 * 1024 ** 3 } = options;
  const database = await openSqlite<LogDatabase>({ file, synchronous: 'NORMAL', migrations });
  return {
    async append(entries) {
      if (entries.length > 0) await database.runBatch([compileAppend(database.kysely, entries)]);
    },
    query: (query) => queryLogs(database.kysely, query),
    follow: (query) => followLogs(database.kysely, query),
    position: (of) => findPosition(database.kysely, of),
    watch: (hint) => database.watch(hint),
    prune: (rule) => pruneLogs(database, rule, maxBytes),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
