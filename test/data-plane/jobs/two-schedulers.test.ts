import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { describeTwoSchedulers } from '../../contract/two-schedulers.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeTwoSchedulers('a SQLite file', async () => {
  const file = join(await makeTempFolder(), 'store.sqlite');
  return { open: () => openSqliteStore({ file }), address: pathToFileURL(file).href };
});
