import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { keepHouse, tidyUp } from '../../src/compose/housekeeping.ts';
import { keptRunsOfOneJob } from '../../src/core/job-run.ts';
import { openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { BeginningRun } from '../../src/ports/job-runs.ts';
import type { Change } from '../../src/ports/store.ts';
import { deployment, release } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const dayMs = 24 * 3600 * 1000;

/** All that housekeeping is given, in a folder of its own. */
async function prepare() {
  const folder = await makeTempFolder();
  const owned = new AsyncDisposableStack();
  const store = owned.use(await openSqliteStore({ file: join(folder, 'store.db') }));
  const logs = owned.use(await openSqliteLogStore({ file: join(folder, 'logs.db') }));
  const events = owned.use(await openEmbeddedBroker({ file: join(folder, 'events.db') }));
  const environment = process.env;
  const source = openGitSource({ directory: join(folder, 'git'), allowLocal: true, environment });
  const builder = openNodeBuilder({
    directory: join(folder, 'builds'),
    toolDirectory: join(folder, 'tools'),
    source,
    limits: { installTimeoutMs: 1_000, buildTimeoutMs: 1_000 },
  });
  return {
    ...{ store, logs, events, builder, source, logger: pino({ level: 'silent' }) },
    logRetentionMs: dayMs,
    budgets: { artifacts: 0, sources: 0 },
    busySince: async () => Number.POSITIVE_INFINITY,
    isAlone: () => true,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('housekeeping forgets events of Deployments that are gone, and no others', async () => {
  await using deps = await prepare();
  const { store, events } = deps;
  const states = {
    'event-alive': 'bound',
    'event-soon': 'wanted',
    'event-gone': 'released',
  } as const;
  for (const [hostLabel, state] of Object.entries(states)) {
    const address = {
      ...{ hostLabel, state },
      projectKey: 'p',
      deploymentId: 'd',
      applicationName: hostLabel,
    };
    await store.commit([{ kind: 'put-address', address }]);
  }
  const topics = [...Object.keys(states), 'event-unknown'];
  for (const topic of topics) await events.publish(topic, [{ data: '', attributes: {} }], 1000);
  const auditLog = { days: 1, entries: 1 };
  await keepHouse({ ...deps, clock: { now: () => 2000 }, auditLog });
  const depths = await Promise.all(topics.map((topic) => events.depth(topic)));
  expect(depths.map(({ waiting }) => waiting)).toEqual([1, 1, 0, 0]);
});

test('housekeeping forgets candidates that nobody will make current, and no others', async () => {
  await using deps = await prepare();
  const { store } = deps;
  const statuses = ['Deploying', 'Queued', 'Failed', 'Deployed', 'UndeployFailed'] as const;
  await store.commit([
    ...statuses.map((id) => ({
      kind: 'insert-deployment' as const,
      record: deployment({ id, key: id, status: id }),
    })),
    ...[...statuses, 'Gone'].map((deploymentId) => ({
      kind: 'insert-release' as const,
      record: release({ id: `of ${deploymentId}`, deploymentId, state: 'candidate' }),
    })),
    {
      kind: 'insert-release' as const,
      record: release({ id: 'serving', deploymentId: 'Deployed', number: 2, state: 'current' }),
    },
  ]);
  await tidyUp({ ...deps, clock: { now: () => 2000 }, auditLog: { days: 1, entries: 1 } });
  const left = await store.runtime.releases({ states: ['candidate', 'current'] });
  expect(left.map(({ id }) => id).toSorted()).toEqual(['of Deploying', 'of Queued', 'serving']);
});

test('housekeeping keeps the audit log within its days and entries', async () => {
  await using deps = await prepare();
  const { store } = deps;
  await store.commit([4.5, 3.5, 2.5, 1.5].map((day) => entryOf(day * dayMs)));
  const daysAt = async (now: number, auditLog: { days: number; entries: number }) => {
    await keepHouse({ ...deps, clock: { now: () => now }, auditLog });
    const { results } = await store.auditLog.queryAnywhere({ limit: 10, offset: 0 });
    return results.map(({ at }) => at / dayMs);
  };

  expect(await daysAt(5 * dayMs, { days: 3, entries: 100 })).toEqual([2.5, 3.5, 4.5]);
  expect(await daysAt(5 * dayMs, { days: 3, entries: 2 })).toEqual([2.5, 3.5]);
});

test('housekeeping keeps the newest runs of each job', async () => {
  await using deps = await prepare();
  const { store } = deps;
  await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
  const runs = Array.from(
    { length: keptRunsOfOneJob + 2 },
    (_, at): BeginningRun => ({
      ...{ id: `run-${at}`, deploymentId: 'deployment', applicationName: 'job', tickAt: at },
      ...{ trigger: 'schedule', plane: 'data', startedAt: at, alone: false, skipped: 'A test.' },
    }),
  );
  await store.jobRuns.begin(runs);
  await keepHouse({ ...deps, clock: { now: () => 2000 }, auditLog: { days: 1, entries: 1 } });
  const page = { deploymentId: 'deployment', limit: 1, offset: keptRunsOfOneJob - 1 };
  const { total, results } = await store.jobRuns.query('project', page);
  expect([total, results[0]?.id]).toEqual([keptRunsOfOneJob, 'run-2']);
});

function entryOf(at: number): Change {
  return {
    kind: 'append-audit-log',
    entry: {
      projectKey: 'project',
      at,
      actor: { type: 'operator' },
      correlationId: 'c',
      action: 'a',
      resource: { typeId: 'project', id: 'project' },
      shortened: false,
    },
  };
}
