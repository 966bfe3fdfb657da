import type { Config } from '../config/parse-config.ts';
import type { StoreObserver } from '../drivers/store/postgres/observer.ts';
import { openSqliteStore } from '../drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../ports/store.ts';
import { refuseHalfRestored } from './backup/claim-directory.ts';
import { readOrMakeId } from './data-directory-id.ts';
import { dataLayout } from './data-layout.ts';

/**
 * The records: in the database that the settings name, otherwise in a file of the data directory.
 * @throws Failure where a restore was cut off there, or the database has the records of another data directory
 */
export async function openStore(
  { dataDirectory, databaseUrl: url }: Pick<Config, 'dataDirectory' | 'databaseUrl'>,
  observer?: StoreObserver,
): Promise<Store> {
  await refuseHalfRestored(dataDirectory);
  const layout = dataLayout(dataDirectory);
  if (url === undefined) return openSqliteStore({ file: layout.store });
  const owner = { id: await readOrMakeId(layout.id), file: layout.id };
  // Whoever has no PostgreSQL need not hold its client in memory.
  const { openPostgresStore } = await import('../drivers/store/postgres/open-postgres-store.ts');
  return openPostgresStore({ url, owner, ...(observer === undefined ? {} : { observer }) });
}
