import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Insertable } from 'kysely';
import { expect, test } from 'vitest';
import { openSqlite } from '../../../src/drivers/sqlite/open-sqlite.ts';
import { deploymentRow } from '../../../src/drivers/store/sql/records.ts';
import type { Schema } from '../../../src/drivers/store/sql/schema.ts';
import { migrations } from '../../../src/drivers/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { openStoreSnapshots } from '../../../src/drivers/store/sqlite/snapshots.ts';
import type { BeginningRun } from '../../../src/ports/job-runs.ts';
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

test('ticks that ran before there was a history of runs do not run again', async () => {
  const file = join(await makeTempFolder(), 'store.sqlite');
  {
    await using old = await openSqlite<{
      job_tick: { deployment_id: string; application_name: string; tick_at: number };
      deployment: Insertable<Schema['deployment']>;
    }>({ file, synchronous: 'FULL', migrations: migrations.slice(0, 12) });
    await old.kysely.insertInto('deployment').values(deploymentRow(deployment())).execute();
    const ticks = [
      ['deployment', 'job', 1000],
      ['deployment', 'job', 2000],
      ['deployment', 'other', 3000],
      ['gone', 'job', 4000],
    ] as const;
    await old.kysely
      .insertInto('job_tick')
      .values(
        ticks.map(([deployment_id, application_name, tick_at]) => {
          return { deployment_id, application_name, tick_at };
        }),
      )
      .execute();
  }
  await using store = await openSqliteStore({ file });
  const page = { deploymentId: 'deployment', limit: 10, offset: 0 };
  const { results } = await store.jobRuns.query('project', page);
  expect(
    results.map(({ id, applicationName, scheduledFor, state }) => {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      return [applicationName, scheduledFor, state];
    }),
  ).toEqual(
    expect.arrayContaining([
      ['job', 2000, 'interrupted'],
      ['other', 3000, 'interrupted'],
    ]),
  );
  expect(results).toHaveLength(2);
  const again: BeginningRun = {
    ...{ id: 'again', plane: 'data', startedAt: 5000, alone: false, tickAt: 2000 },
    ...{ deploymentId: 'deployment', applicationName: 'job', trigger: 'schedule' },
  };
  expect(await store.jobRuns.begin([again])).toEqual(new Map());
});
