import type { Config } from '../config/parse-config.ts';
import { openPostgresStore } from '../drivers/store/postgres/open-postgres-store.ts';
import { openSqliteStore } from '../drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../ports/store.ts';
import { dataLayout } from './data-layout.ts';

/** The records: in the database that the settings name, otherwise in a file of the data directory. */
export function openStore({
  dataDirectory,
  databaseUrl,
}: Pick<Config, 'dataDirectory' | 'databaseUrl'>): Promise<Store> {
  return databaseUrl === undefined
    ? openSqliteStore({ file: dataLayout(dataDirectory).store })
    : openPostgresStore({ url: databaseUrl });
}
