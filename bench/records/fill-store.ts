import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { writesOf } from '../../src/drivers/store/sql/changes.ts';
import type { Schema } from '../../src/drivers/store/sql/schema.ts';
import { sqliteDialect } from '../../src/drivers/store/sqlite/dialect.ts';
import type { Change } from '../../src/ports/store.ts';

/**
 * Writes what the store would write, into a file that nobody has open: millions of changes, whose durable commits would take an hour,
 * in one transaction.
 */
export function fillStore(file: string, changes: Iterable<Change>): void {
  const kysely = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  using database = new DatabaseSync(file);
  // In KiB: the indexes are written to all over.
  database.exec('PRAGMA cache_size = -4000000; PRAGMA synchronous = OFF; BEGIN');
  const prepared = new Map<string, StatementSync>();
  for (const change of changes) {
    for (const { query } of writesOf(kysely, sqliteDialect, change)) {
      const { sql, parameters } = query.compile();
      const statement = prepared.get(sql) ?? database.prepare(sql);
      prepared.set(sql, statement);
      statement.run(...(parameters as SQLInputValue[]));
    }
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
}
