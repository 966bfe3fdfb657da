import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { OperationDependencies } from '../../../src/control-plane/operations/dependencies.ts';
import { runOperation } from '../../../src/control-plane/operations/run-operation.ts';
import { maxAttempts, type Operation } from '../../../src/core/operation.ts';
import { createRepository } from '../../support/git-repository.ts';
import {
  connectorStaged,
  deployment,
  operation,
  release,
  undeployOf,
} from '../../support/records.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { openDependencies } from './open-dependencies.ts';
import { accept, claim, claimAgain, openStore, requestCancel, titlesOf } from './support.ts';

const none = new AbortController().signal;
const never = { stopped: none, cancelled: none };
const reportId = 'report';

const open = () => openDependencies(openStore());

/** A Deployment on its way out, with a release that only a data plane would stop. */
async function acceptUndeploy(
  { store }: OperationDependencies,
  more: Partial<Operation> = {},
): Promise<Operation> {
  await store.commit([
    { kind: 'insert-deployment', record: deployment({ status: 'Undeploying' }) },
    { kind: 'insert-release', record: release() },
  ]);
  const input = undeployOf('deployment', reportId);
  return accept(store, operation('o', { input, deadlineAt: Date.now() + 60_000, ...more }));
}

/** Waits until it waits for the data plane. */
async function untilStopping({ store }: OperationDependencies): Promise<void> {
  await expect
    .poll(async () => (await store.runtime.release('release'))?.state, { timeout: 60_000 })
    .toBe('draining');
}

async function stopRelease({ store }: OperationDependencies): Promise<void> {
  await store.commit([{ kind: 'forget-release', id: 'release' }]);
}

const readLogs = { deploymentId: 'deployment', from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 };

describe('an operation that somebody has asked to cancel', () => {
  test('ends with who asked, and what served goes on serving', async () => {
    const { deps, store } = await open();
    const accepted = await acceptUndeploy(deps);
    await store.commit([requestCancel('o')]);
    await runOperation(deps, accepted, { ...never, cancelled: AbortSignal.abort() });
    expect(await store.operationRecords.get('project', 'o')).toMatchObject({ state: 'cancelled' });
    expect(await store.deployments.byId('deployment')).toMatchObject({ status: 'UndeployFailed' });
    expect(await store.runtime.release('release')).toMatchObject({ state: 'current' });
    const [entry] = await store.reports.entries([reportId]);
    expect(entry).toMatchObject({
      type: 'Warning',
      title: 'Operation cancelled',
      message: expect.stringContaining('API client "somebody" asked for it.'),
    });
  });

  test('is cancelled by the next attempt where the first was killed before it could', async () => {
    const { deps, store } = await open();
    await acceptUndeploy(deps);
    await store.commit([requestCancel('o')]);
    await runOperation(deps, await claimAgain(store), never);
    const ended = { state: 'cancelled', attempt: 2 };
    expect(await store.operationRecords.get('project', 'o')).toMatchObject(ended);
    expect(await store.operationRecords.steps(['o'])).toEqual([]);
  });

  test('is cancelled where the request came before its last commit, and unseen', async () => {
    const { deps, store } = await open();
    const accepted = await acceptUndeploy(deps);
    await store.commit([requestCancel('o')]);
    // It was claimed before the request, and nobody tells it.
    await runOperation(deps, accepted, never);
    expect(await store.operationRecords.get('project', 'o')).toMatchObject({ state: 'cancelled' });
    expect(await store.runtime.release('release')).toMatchObject({ state: 'current' });
  });

  test('and was claimed meanwhile is left to whoever has it', async () => {
    const { deps, store } = await open();
    const input = undeployOf('gone', reportId);
    const queued = operation('o', { input, deadlineAt: Date.now() + 60_000 });
    await store.commit([{ kind: 'insert-operation', operation: queued }, requestCancel('o')]);
    const [asked] = await store.operations.cancelRequests();
    await claim(store);
    await runOperation(deps, asked ?? queued, never);
    expect(await store.operationRecords.get('project', 'o')).toMatchObject({ state: 'running' });
  });
});

describe('an operation', () => {
  test('goes through its steps to the end', async () => {
    const { deps, store, logs, events, log } = await open();
    await store.commit([
      {
        kind: 'put-address',
        address: {
          hostLabel: 'event-label',
          projectKey: 'project',
          deploymentId: 'deployment',
          applicationName: 'app',
          state: 'bound',
        },
      },
    ]);
    await events.publish('event-label', [{ data: '', attributes: {} }], Date.now());
    await logs.append([
      {
        type: 'APPLICATION_TEXT',
        deploymentId: 'deployment',
        applicationName: 'app',
        severity: 'DEFAULT',
        timestamp: Date.now(),
        details: {},
      },
    ]);
    const accepted = await acceptUndeploy(deps);
    const running = runOperation(deps, accepted, never);
    await untilStopping(deps);
    expect(await titlesOf(store, reportId)).toEqual(['stop: Information Stopping applications']);
    await stopRelease(deps);
    await running;
    expect(await store.deployments.byId('deployment')).toBeUndefined();
    expect(await store.operations.countOpen()).toBe(0);
    expect(await store.runtime.addresses()).toEqual([]);
    expect(await events.depth('event-label')).toEqual({ waiting: 0, dead: 0 });
    expect((await logs.query(readLogs)).entries).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  test('that is stopped stays open, and the next attempt goes on behind its last step', async () => {
    const { deps, store } = await open();
    const stop = new AbortController();
    const accepted = await acceptUndeploy(deps);
    const running = runOperation(deps, accepted, { ...never, stopped: stop.signal });
    await untilStopping(deps);
    stop.abort(new Error('The control plane stops'));
    await running;
    expect(await store.operations.countOpen()).toBe(1);
    expect((await store.deployments.byId('deployment'))?.status).toBe('Undeploying');
    const next = await claimAgain(store);
    await stopRelease(deps);
    await runOperation(deps, next, never);
    expect(await store.deployments.byId('deployment')).toBeUndefined();
  });

  test('whose deadline has come fails, whatever it was doing', async () => {
    const { deps, store, log } = await open();
    await runOperation(deps, await acceptUndeploy(deps, { deadlineAt: Date.now() + 300 }), never);
    expect((await store.deployments.byId('deployment'))?.status).toBe('UndeployFailed');
    const entries = await store.reports.entries([reportId]);
    expect(entries.at(-1)).toMatchObject({
      step: 'operation',
      type: 'Error',
      title: 'Operation failed',
      message: expect.stringMatching(/^The operation did not finish before its deadline\.\n/),
    });
    expect(await store.operations.countOpen()).toBe(0);
    expect(log.lines).toEqual([]);
  });

  test('that took its worker down too often is given up', async () => {
    const { deps, store } = await open();
    await acceptUndeploy(deps);
    for (let attempt = 2; attempt <= maxAttempts; attempt += 1) await claimAgain(store);
    await runOperation(deps, await claimAgain(store), never);
    expect((await store.deployments.byId('deployment'))?.status).toBe('UndeployFailed');
    const [entry] = await store.reports.entries([reportId]);
    expect(entry?.message).toContain(`interrupted ${maxAttempts} times and is given up`);
  });

  test('that another worker has taken over writes nothing, and complains of nothing', async () => {
    const { deps, store, log } = await open();
    const lost = await acceptUndeploy(deps);
    await store.operations.release('worker');
    const taken = await claim(store, 'another');
    await runOperation(deps, lost, never);
    expect((await store.runtime.release('release'))?.state).toBe('current');
    expect((await store.deployments.byId('deployment'))?.status).toBe('Undeploying');
    expect(await titlesOf(store, reportId)).toEqual([]);
    expect(log.lines).toEqual([]);
    const fence = { operationId: 'o', attempt: taken.attempt, leaseUntil: Date.now() + 1000 };
    expect(await store.operations.renew(fence)).toBe(true);
  });

  test('of what is gone by now has nothing to do', async () => {
    const { deps, store } = await open();
    await runOperation(deps, await accept(store, soon(undeployOf('gone', reportId))), never);
    expect(await store.operations.countOpen()).toBe(0);
    expect(await titlesOf(store, reportId)).toEqual([]);
  });
});

describe('a failure', () => {
  test('of a step is the last entry of the report, and changes the status', async () => {
    const { deps, store, log } = await open();
    const url = pathToFileURL(join(await makeTempFolder(), 'nowhere')).href;
    await store.commit([
      {
        kind: 'insert-connector-staged',
        record: connectorStaged({
          isPreviewable: 'pending',
          previewReportId: reportId,
          repository: { url, tag: 'v1' },
        }),
      },
    ]);
    const input = { kind: 'preview', connectorId: 'connector', reportId } as const;
    await runOperation(deps, await accept(store, soon(input)), never);
    const [record] = await store.connectors.stagedAnywhere({ id: 'connector' });
    expect(record).toMatchObject({ isPreviewable: 'false', version: 4 });
    expect(await store.reports.entries([reportId])).toMatchObject([
      {
        step: 'specification',
        type: 'Error',
        title: 'Connector specification file validation check failed',
        message: expect.stringContaining('nowhere'),
      },
    ]);
    expect(await store.operations.countOpen()).toBe(0);
    // The person whose connector it is reads the report; the log is for what is wrong with Berth.
    expect(log.lines).toEqual([]);
  });

  test('may have a title that says more than that of its step', async () => {
    const { deps, store } = await open();
    await using source = await createRepository({ files: { 'README.md': '' }, tag: 'v1' });
    const record = connectorStaged({
      isPreviewable: 'pending',
      previewReportId: reportId,
      repository: { url: source.url, tag: 'v1' },
    });
    await store.commit([{ kind: 'insert-connector-staged', record }]);
    const input = { kind: 'preview', connectorId: 'connector', reportId } as const;
    await runOperation(deps, await accept(store, soon(input)), never);
    expect(await store.reports.entries([reportId])).toMatchObject([
      { type: 'Error', title: 'Connector specification file not found' },
    ]);
  });

  test('of Berth itself ends the operation too, and is logged', async () => {
    const { deps, store, log } = await open();
    const input = {
      kind: 'deploy',
      deploymentId: 'gone',
      version: 1,
      reportId,
      skipScripts: false,
    } as const;
    await runOperation(deps, await accept(store, soon(input)), never);
    expect(await store.reports.entries([reportId])).toMatchObject([
      { title: 'Operation failed', message: 'An internal error of Berth; its log says more.' },
    ]);
    expect(log.lines).toEqual(['error operation failed']);
    expect(await store.operations.countOpen()).toBe(0);
  });

  test('that cannot even be cleared up behind ends the operation, and says so of the Deployment', async () => {
    const { deps, store, log } = await open();
    const record = deployment({ status: 'Deploying' });
    await store.commit([{ kind: 'insert-deployment', record }]);
    const { version } = record;
    const input = {
      kind: 'deploy',
      deploymentId: record.id,
      version,
      reportId,
      skipScripts: false,
    } as const;
    const releases = () => Promise.reject(new Error('unreadable'));
    const broken = { ...store, runtime: { ...store.runtime, releases } };
    await runOperation({ ...deps, store: broken }, await accept(store, soon(input)), never);
    expect(await store.deployments.byId(record.id)).toMatchObject({ status: 'Failed' });
    expect(await store.operationRecords.get('project', 'o')).toMatchObject({ state: 'failed' });
    expect(log.lines).toContain('error an operation could not be ended');
  });
});

function soon(input: Operation['input']): Operation {
  return operation('o', { input, deadlineAt: Date.now() + 60_000 });
}
