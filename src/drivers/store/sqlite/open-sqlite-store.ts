import type { Store } from '../../../ports/store.ts';
import { AffectedRowsError, isUniqueViolation } from '../../sqlite/errors.ts';
import { openSqlite } from '../../sqlite/open-sqlite.ts';
import { createSqlStore } from '../sql/create-store.ts';
import { createOperationQueue } from '../sql/operations.ts';
import type { Schema } from '../sql/schema.ts';
import type { Write } from '../sql/write.ts';
import { sqliteDialect } from './dialect.ts';
import { migrations } from './migrations.ts';

/** The default store: one file that both planes open. */
export async function openSqliteStore(options: { readonly file: string }): Promise<Store> {
  const database = await openSqlite<Schema>({
    file: options.file,
    synchronous: 'FULL',
    migrations,
  });
  return createSqlStore({
    db: database.kysely,
    dialect: sqliteDialect,
    operations: createOperationQueue(database.kysely, sqliteDialect),
    runBatch: async (writes, options) => {
      await database.runBatch(writes.map(toStatement), options);
    },
    unmetWrite: (error) => (error instanceof AffectedRowsError ? error.statement : undefined),
    isUniqueViolation,
    watch: (hint) => database.watch(hint),
    version: () => database.version(),
    close: async () => {
      await database[Symbol.asyncDispose]();
    },
  });
}

function toStatement({ query, expects }: Write) {
  const { sql, parameters } = query.compile();
  return expects === undefined ? { sql, parameters } : { sql, parameters, affects: 1 };
}
