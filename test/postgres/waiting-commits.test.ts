import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { StoreUnavailable } from '../../src/core/store-failure.ts';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import type { Change } from '../../src/ports/store.ts';
import { makeDatabase } from '../support/postgres-database.ts';
import { deployment } from '../support/records.ts';

const raise = (id: string): Change => ({
  kind: 'update-deployment',
  record: deployment({ id, version: 2 }),
  expectedVersion: 1,
});

/** A store with two Deployments, and a session beside it that has taken the row of `held`. */
async function open() {
  const url = await makeDatabase(inject('postgresUrl'));
  const store = await openPostgresStore({ url });
  onTestFinished(() => store[Symbol.asyncDispose]());
  await store.commit(
    ['held', 'free'].map((id) => ({
      kind: 'insert-deployment',
      record: deployment({ id, version: 1 }),
    })),
  );
  const beside = new Client({ connectionString: url });
  await beside.connect();
  onTestFinished(() => beside.end());
  await beside.query('begin');
  await beside.query("select from deployment where id = 'held' for update");
  const countWaiting = async (): Promise<number> => {
    // Within a transaction the view is read once.
    await beside.query('select pg_stat_clear_snapshot()');
    const { rowCount } = await beside.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rowCount ?? 0;
  };
  return { store, countWaiting, letGo: () => beside.query('rollback') };
}

test('a commit waits for whoever has its row, and for nobody else', async () => {
  const { store, countWaiting, letGo } = await open();
  const waiting = store.commit([raise('held')]);
  await expect.poll(countWaiting).toBe(1);
  await store.commit([raise('free')]);
  expect(await store.deployments.byId('free')).toMatchObject({ version: 2 });
  expect(await countWaiting()).toBe(1);
  await letGo();
  await waiting;
});

test('reads are answered while more commits wait than there are connections', async () => {
  const { store, countWaiting, letGo } = await open();
  const waiting = Promise.allSettled(
    Array.from({ length: 50 }, () => store.commit([raise('held')])),
  );
  await expect.poll(countWaiting).toBeGreaterThan(2);
  const reads = Array.from({ length: 50 }, () => store.deployments.byId('held'));
  expect((await Promise.all(reads)).map((record) => record?.version)).toEqual(reads.map(() => 1));
  await letGo();
  const done = (await waiting).filter(({ status }) => status === 'fulfilled');
  expect(done).toHaveLength(1);
});

test('a commit that too many wait before is refused at once', async () => {
  const { store, countWaiting, letGo } = await open();
  const commits = Array.from({ length: 1100 }, () => store.commit([raise('held')]));
  const settled = Promise.allSettled(commits);
  await expect(commits.at(-1)).rejects.toBeInstanceOf(StoreUnavailable);
  await expect.poll(countWaiting).toBeGreaterThan(0);
  await letGo();
  await settled;
});
