import { inject } from 'vitest';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { describeTwoSchedulers } from '../contract/two-schedulers.ts';
import { makeDatabase } from '../support/postgres-database.ts';

describeTwoSchedulers('a PostgreSQL database', async () => {
  const url = await makeDatabase(inject('postgresUrl'));
  return { open: () => openPostgresStore({ url }), address: url };
});
