import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { openStoreSnapshots } from '../../../src/drivers/store/sqlite/snapshots.ts';
import { describeStore } from '../../contract/store.suite.ts';
import {
  countOlderDeployments,
  fillOlderStore,
  olderCounts,
} from '../../support/older-deployments.ts';
import { deployment } from '../../support/records.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeStore('a SQLite file', async () => {
  const file = join(await makeTempFolder(), 'store.sqlite');
  return { open: () => openSqliteStore({ file }), address: pathToFileURL(file).href };
});

test('of the key of a deleted Deployment nothing is left in the files', async () => {
  const folder = await makeTempFolder();
  const file = join(folder, 'store.sqlite');
  const wrapped = `wrapped-${'x'.repeat(60)}`;
  const isThere = async (): Promise<boolean> => {
    const names = await readdir(folder);
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
    return texts.some((text) => text.includes(wrapped));
  };
  {
    await using store = await openSqliteStore({ file });
    await store.commit([{ kind: 'set-master-key', id: 'master' }]);
    for (const owner of ['before', 'deployment', 'behind']) {
      const key = {
        owner,
        id: owner,
        publicKey: 'public',
        masterKeyId: 'master',
        wrappedPrivateKey: owner === 'deployment' ? wrapped : 'another',
        wrappedDigestKey: 'digest',
      };
      await store.commit([{ kind: 'insert-sealing-key', key }]);
    }
    await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
  }
  expect(await isThere()).toBe(true);
  {
    await using store = await openSqliteStore({ file });
    await store.commit([{ kind: 'delete-deployment', id: 'deployment', keepAddresses: true }]);
    expect(await store.sealingKeys.get('behind')).toBeDefined();
  }
  expect(await isThere()).toBe(false);
});

test('Deployments of an older file are counted when it is opened', async () => {
  const file = join(await makeTempFolder(), 'store.sqlite');
  await fillOlderStore(openStoreSnapshots(file), 11);
  await using store = await openSqliteStore({ file });
  expect(await countOlderDeployments(store)).toEqual(olderCounts);
});
