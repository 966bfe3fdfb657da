import { inject } from 'vitest';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { describeStore } from '../contract/store.suite.ts';
import { makeDatabase } from '../support/postgres-database.ts';

describeStore('a PostgreSQL database', async () => {
  const url = await makeDatabase(inject('postgresUrl'));
  return { open: () => openPostgresStore({ url }), address: url };
});
