import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { describeStore } from '../../contract/store.suite.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeStore('a SQLite file', async () => {
  const file = join(await makeTempFolder(), 'store.sqlite');
  return { open: () => openSqliteStore({ file }), address: pathToFileURL(file).href };
});
