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
import { runBatch } from './commit.ts';
import { Connections } from './connections.ts';
import { postgresDialect } from './dialect.ts';
import { isUniqueViolation, UnmetWrite } from './errors.ts';
import { migrate } from './migrate.ts';
import { createPostgresQueue } from './operations.ts';
import { claimDatabase, type Owner } from './owner.ts';
import { Watcher } from './watcher.ts';

/**
 * One database that any number of planes open, of one data directory: `owner` names it. Absent: whoever asks.
 * @throws StoreUnavailable where the server cannot be reached
 * @throws Failure where its schema is of another version, or its records belong to another data directory
 */
export async function openPostgresStore(options: {
  readonly url: string;
  readonly owner?: Owner;
}): Promise<Store> {
  const connections = new Connections(options.url);
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
  const watcher = new Watcher(options.url);
  return createSqlStore({
    db,
    dialect: postgresDialect,
    operations: createPostgresQueue(db),
    runBatch: (writes) => runBatch(connections, writes),
    unmetWrite: (error) => (error instanceof UnmetWrite ? error.position : undefined),
    isUniqueViolation,
    watch: (hint) => watcher.add(hint),
    close: async () => {
      await watcher.close();
      await db.destroy();
    },
  });
}
