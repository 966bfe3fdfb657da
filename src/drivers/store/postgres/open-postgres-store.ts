import { randomUUID } from 'node:crypto';
import {
  HandleEmptyInListsPlugin,
  Kysely,
  PostgresDialect,
  type PostgresPool,
  replaceWithNoncontingentExpression,
} from 'kysely';
import type { Store } from '../../../ports/store.ts';
import { createSqlStore } from '../sql/create-store.ts';
import type { Schema } from '../sql/schema.ts';
import { Announcer } from './announcer.ts';
import { runBatch } from './commit.ts';
import { Connections, limits } from './connections.ts';
import { postgresDialect } from './dialect.ts';
import { isUniqueViolation, UnmetWrite } from './errors.ts';
import { migrate } from './migrate.ts';
import { nobody, type StoreObserver } from './observer.ts';
import { createPostgresQueue } from './operations.ts';
import { claimDatabase, type Owner } from './owner.ts';
import { Turns } from './turns.ts';
import { Watcher } from './watcher.ts';

/**
 * One database that any number of planes open, of one data directory: `owner` names it. Absent: whoever asks.
 * @throws StoreUnavailable where the server cannot be reached
 * @throws Failure where its schema is of another version, or its records belong to another data directory
 */
export async function openPostgresStore(options: {
  readonly url: string;
  readonly owner?: Owner;
  readonly observer?: StoreObserver;
}): Promise<Store> {
  const { url, observer = nobody } = options;
  const connections = new Connections(url, observer);
  try {
    await migrate(connections);
    if (options.owner !== undefined) await claimDatabase(connections, options.owner);
  } catch (error) {
    await connections.end();
    throw error;
  }
  // Nothing is streamed: of the two forms of a query the one with a cursor is never used.
  const pool = connections as unknown as PostgresPool;
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    // SQLite takes an empty list, and finds nothing.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  });
  const name = randomUUID();
  const watcher = new Watcher(url, name, observer);
  const announcer = new Announcer(connections, name);
  const tell = (): void => {
    watcher.hint();
    announcer.tell();
  };
  const commits = new Turns(limits.commits);
  return createSqlStore({
    db,
    dialect: postgresDialect,
    operations: createPostgresQueue(db, tell),
    async runBatch(writes) {
      if (writes.length === 0) return;
      if (await commits.run(() => runBatch(connections, writes))) tell();
    },
    unmetWrite: (error) => (error instanceof UnmetWrite ? error.position : undefined),
    isUniqueViolation,
    watch: (hint) => watcher.add(hint),
    // To ask the server takes as long as to read.
    version: () => undefined,
    close: async () => {
      await watcher.close();
      await announcer.settled();
      await db.destroy();
    },
  });
}
