import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { OperationRun } from '../../src/control-plane/operations/operation-run.ts';
import { runOperation } from '../../src/control-plane/operations/run-operation.ts';
import { StoreUnavailable } from '../../src/core/store-failure.ts';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { openDependencies } from '../control-plane/operations/open-dependencies.ts';
import { accept, claimAgain, clock } from '../control-plane/operations/support.ts';
import { makeDatabase } from '../support/postgres-database.ts';
import { operation, undeployOf } from '../support/records.ts';

const none = new AbortController().signal;
const never = { stopped: none, cancelled: none };

/** A session beside Berth's that can keep commits of the operation waiting, and cut the connection of the one that waits. */
async function openBeside(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const cutWaiting = async (): Promise<number> => {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rowCount ?? 0;
  };
  return {
    async hold(): Promise<void> {
      await client.query('begin');
      await client.query("select from operation where id = 'o' for update");
    },
    async cutNextCommit(): Promise<void> {
      await expect.poll(cutWaiting).toBe(1);
      await client.query('rollback');
    },
  };
}

async function open() {
  const url = await makeDatabase(inject('postgresUrl'));
  const { deps, store, log } = await openDependencies(openPostgresStore({ url }));
  const input = undeployOf('gone', 'report');
  const deadlineAt = Date.now() + 60_000;
  const claimed = await accept(store, operation('o', { input, deadlineAt }));
  return { deps, store, log, claimed, beside: await openBeside(url) };
}

test('an operation whose commit was cut off is left to its next attempt, which ends it', async () => {
  const { deps, store, log, claimed, beside } = await open();
  await beside.hold();
  const attempt = runOperation(deps, claimed, never);
  await beside.cutNextCommit();
  await attempt;
  expect(await store.operationRecords.get('project', 'o')).toMatchObject({ state: 'running' });
  expect(log.lines).toEqual(['warn the database went away under an operation']);

  await runOperation(deps, await claimAgain(store), never);
  expect(await store.operationRecords.get('project', 'o')).toMatchObject({
    state: 'succeeded',
    attempt: 2,
  });
});

test('a step whose record was cut off has not failed', async () => {
  const { store, claimed, beside } = await open();
  const run = new OperationRun({ operation: claimed, store, clock, signal: none, steps: [] });
  const step = run.step('build', { failed: 'It failed', starting: 'It starts' }, async () => {
    await beside.hold();
  });
  await Promise.all([
    expect(step).rejects.toBeInstanceOf(StoreUnavailable),
    beside.cutNextCommit(),
  ]);
  expect(await store.operations.steps('o')).toEqual([]);
});
