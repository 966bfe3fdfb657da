import { describe, expect, test } from 'vitest';
import { DuplicateKey } from '../../../src/core/store-failure.ts';
import type { Address, InstanceRecord } from '../../../src/ports/runtime-reader.ts';
import type { Change } from '../../../src/ports/store.ts';
import {
  connectorStaged,
  deployment,
  jobRun,
  operation,
  release,
  releaseApplication,
  revision,
  revisionApplication,
  undeployOf,
} from '../../support/records.ts';
import { commitEach, failureOf, type PrepareStore } from './place.ts';

export function describeRuntimeRecords(prepare: PrepareStore): void {
  const openWith = async (...changes: readonly Change[]) => {
    const store = await (await prepare()).open();
    await commitEach(store, changes);
    return store;
  };

  describe('releases', () => {
    test('come back as they were inserted, then with their state', async () => {
      const record = release({ state: 'candidate' });
      await using store = await openWith({ kind: 'insert-release', record });
      expect(await store.runtime.release('release')).toEqual(record);
      await store.commit([{ kind: 'set-release-state', id: 'release', state: 'current' }]);
      await store.commit([{ kind: 'set-release-routed', id: 'release' }]);
      expect(await store.runtime.release('release')).toEqual(
        release({ state: 'current', routed: true }),
      );
      expect(await store.runtime.release('unknown')).toBeUndefined();
    });

    test('are proposed again by a step that runs again', async () => {
      await using store = await openWith({ kind: 'insert-release', record: release() });
      const again = release({ createdAt: 2000, state: 'candidate' });
      await store.commit([{ kind: 'insert-release', record: again }]);
      expect(await store.runtime.release('release')).toEqual(again);
    });

    test('are found by state and Deployment, oldest first', async () => {
      await using store = await openWith(
        ...(
          [
            { id: 'c', state: 'draining', createdAt: 3 },
            { id: 'a', state: 'current', createdAt: 1 },
            { id: 'b', state: 'candidate', createdAt: 2 },
            { id: 'd', state: 'current', createdAt: 4, deploymentId: 'other' },
          ] as const
        ).map((more) => ({ kind: 'insert-release', record: release(more) }) as const),
      );
      const ids = async (filter: Parameters<typeof store.runtime.releases>[0]) =>
        (await store.runtime.releases(filter)).map(({ id }) => id).join('');
      expect(await ids({ states: ['current', 'draining'] })).toBe('acd');
      expect(await ids({ states: ['current'], deploymentId: 'other' })).toBe('d');
      expect(await ids({ states: ['candidate'] })).toBe('b');
      expect(await ids({ states: [] })).toBe('');
    });

    test('take other artifacts, keep their state, and do not come back with them', async () => {
      const record = release({ state: 'candidate' });
      await using store = await openWith({ kind: 'insert-release', record });
      await store.commit([{ kind: 'set-release-state', id: 'release', state: 'current' }]);
      const applications = [releaseApplication({ artifactKey: 'built again' })];
      const rebuilt = { ...record, applications };
      await store.commit([{ kind: 'replace-artifacts', record: rebuilt }]);
      expect(await store.runtime.release('release')).toEqual({ ...rebuilt, state: 'current' });
      await store.commit([{ kind: 'forget-release', id: 'release' }]);
      await store.commit([{ kind: 'replace-artifacts', record: rebuilt }]);
      expect(await store.runtime.release('release')).toBeUndefined();
    });

    test('have marks that tell which of them is to be read again', async () => {
      const record = release({ state: 'candidate' });
      await using store = await openWith(
        { kind: 'insert-release', record },
        { kind: 'insert-release', record: release({ id: 'older', createdAt: 1 }) },
        { kind: 'insert-release', record: release({ id: 'gone', state: 'draining' }) },
      );
      const read = () => store.runtime.releaseMarks({ states: ['candidate', 'current'] });
      const [older, first] = await read();
      expect(older).toMatchObject({ id: 'older', state: 'current' });
      expect(first).toMatchObject({ id: 'release', state: 'candidate', routed: false });

      await store.commit([{ kind: 'set-release-state', id: 'release', state: 'current' }]);
      await store.commit([{ kind: 'set-release-routed', id: 'release' }]);
      expect(await read()).toEqual([older, { ...first, state: 'current', routed: true }]);

      const applications = [releaseApplication({ artifactKey: 'built again' })];
      await store.commit([{ kind: 'replace-artifacts', record: { ...record, applications } }]);
      const [, replaced] = await read();
      expect(replaced?.edition).not.toBe(first?.edition);
      await store.commit([{ kind: 'insert-release', record }]);
      const [, proposedAgain] = await read();
      expect(proposedAgain?.edition).not.toBe(replaced?.edition);
      expect(await store.runtime.releaseMarks({ states: [] })).toEqual([]);
    });

    test('are read by id, as many as one likes', async () => {
      const ids = Array.from({ length: 1_100 }, (_, number) => `release-${number}`);
      await using store = await openWith();
      await store.commit(ids.map((id) => ({ kind: 'insert-release', record: release({ id }) })));
      const found = await store.runtime.releasesById([...ids, 'unknown']);
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(await store.runtime.releasesById(['unknown'])).toEqual([]);
      expect(await store.runtime.releasesById([])).toEqual([]);
    });

    test('are forgotten one by one', async () => {
      await using store = await openWith(
        { kind: 'insert-release', record: release() },
        { kind: 'insert-release', record: release({ id: 'other' }) },
      );
      await store.commit([{ kind: 'forget-release', id: 'release' }]);
      await store.commit([{ kind: 'forget-release', id: 'release' }]);
      expect(await store.runtime.release('release')).toBeUndefined();
      expect(await store.runtime.release('other')).toBeDefined();
    });

    test('revisions and previews name the artifacts that must stay', async () => {
      const applications = ['one', 'two'].map((artifactKey) => releaseApplication({ artifactKey }));
      await using store = await openWith(
        { kind: 'insert-release', record: release({ applications }) },
        {
          kind: 'insert-connector-staged',
          record: connectorStaged({ artifactKeys: ['two', 'three'] }),
        },
        { kind: 'insert-connector-staged', record: connectorStaged({ id: 'without' }) },
        { kind: 'insert-revision', record: revision({ applications: [revisionApplication()] }) },
      );
      const keys = await store.runtime.artifactKeys();
      expect([...keys].toSorted()).toEqual(['artifact', 'one', 'three', 'two']);
      await store.commit([
        { kind: 'delete-revisions', deploymentId: 'deployment', numbers: [1] },
        { kind: 'forget-release', id: 'release' },
      ]);
      expect([...(await store.runtime.artifactKeys())].toSorted()).toEqual(['three', 'two']);
    });

    test('in some states need artifacts, each named once', async () => {
      const applications = ['one', 'two'].map((artifactKey) => releaseApplication({ artifactKey }));
      await using store = await openWith(
        ...['first', 'second'].map((id) => ({
          ...({ kind: 'insert-release' } as const),
          record: release({ id, applications }),
        })),
        { kind: 'insert-release', record: release({ id: 'candidate', state: 'candidate' }) },
        { kind: 'insert-release', record: release({ id: 'without', applications: [] }) },
      );
      const keys = await store.runtime.releaseArtifacts({ states: ['current'] });
      expect([...keys].toSorted()).toEqual(['one', 'two']);
      expect(await store.runtime.releaseArtifacts({ states: ['draining'] })).toEqual(new Set());
    });

    test('that will come of an open operation need what it has built', async () => {
      const built = (operationId: string, name: string, result: unknown) =>
        ({ kind: 'put-step', operationId, step: { name, result }, finishedAt: 1 }) as const;
      await using store = await openWith(
        { kind: 'insert-operation', operation: operation('open') },
        { kind: 'insert-operation', operation: operation('ended') },
        built('open', 'build/app', 'kept'),
        built('open', 'propose-release', 'no-artifact'),
        built('ended', 'build/app', 'gone'),
        { kind: 'finish-operation', operationId: 'ended', state: 'failed', finishedAt: 1 },
      );
      expect([...(await store.runtime.artifactKeys())]).toEqual(['kept']);
    });
  });

  describe('instances', () => {
    test('are put, put again, found by release, and deleted', async () => {
      const failed = instance('a', { state: 'failed', message: 'It ended', restarts: 3 });
      await using store = await openWith(
        { kind: 'put-instance', instance: instance('a') },
        { kind: 'put-instance', instance: failed },
        { kind: 'put-instance', instance: instance('b', { releaseId: 'other' }) },
      );
      expect(await store.runtime.instances({ releaseId: 'release' })).toEqual([failed]);
      expect(await store.runtime.instances({})).toHaveLength(2);
      await store.commit([{ kind: 'delete-instances', ids: ['a', 'unknown'] }]);
      await store.commit([{ kind: 'delete-instances', ids: [] }]);
      expect(await store.runtime.instances({})).toEqual([instance('b', { releaseId: 'other' })]);
    });
  });

  describe('addresses', () => {
    test('are put, put again and deleted by their host label', async () => {
      const changed = address('a', { port: 42_001, deploymentId: 'other' });
      await using store = await openWith(
        { kind: 'put-address', address: address('a') },
        { kind: 'put-address', address: address('b', { port: 42_000, state: 'bound' }) },
        { kind: 'put-address', address: changed },
      );
      const byLabel = (one: Address, other: Address) =>
        one.hostLabel.localeCompare(other.hostLabel);
      expect((await store.runtime.addresses()).toSorted(byLabel)).toEqual([
        changed,
        address('b', { port: 42_000, state: 'bound' }),
      ]);
      expect(await store.runtime.address('a')).toEqual(changed);
      await store.commit([{ kind: 'delete-address', hostLabel: 'a' }]);
      expect(await store.runtime.addresses()).toHaveLength(1);
      expect(await store.runtime.address('a')).toBeUndefined();
    });

    test('never share a port', async () => {
      await using store = await openWith(
        { kind: 'put-address', address: address('a', { port: 42_000 }) },
        { kind: 'put-address', address: address('without') },
        { kind: 'put-address', address: address('without-too') },
      );
      const taken = await failureOf(
        store.commit([{ kind: 'put-address', address: address('b', { port: 42_000 }) }]),
      );
      expect(taken).toBeInstanceOf(DuplicateKey);
      expect(taken).toMatchObject({ key: '42000' });
      await store.commit([
        { kind: 'delete-address', hostLabel: 'a' },
        { kind: 'put-address', address: address('b', { port: 42_000 }) },
      ]);
    });

    test.for([
      { name: 'while it is the one that was tried', tried: {}, becomes: 'bound' },
      { name: 'but not once it has another port', tried: { port: 42_001 }, becomes: 'wanted' },
      {
        name: 'but not once it has another state',
        tried: { state: 'released' },
        becomes: 'wanted',
      },
      { name: 'but not of another label', tried: { hostLabel: 'b' }, becomes: 'wanted' },
    ] as const)('take a state $name', async ({ tried, becomes }) => {
      for (const port of [{ port: 42_000 }, {}]) {
        if (!('port' in port) && 'port' in tried) continue;
        await using store = await openWith({ kind: 'put-address', address: address('a', port) });
        await store.commit([
          { kind: 'set-address-state', tried: address('a', { ...port, ...tried }), state: 'bound' },
        ]);
        expect(await store.runtime.addresses()).toEqual([
          address('a', { ...port, state: becomes }),
        ]);
      }
    });
  });

  describe('a deleted Deployment', () => {
    const belongings = (id: string): readonly Change[] => [
      { kind: 'insert-deployment', record: deployment({ id, key: id }) },
      {
        kind: 'insert-operation',
        operation: operation(`of-${id}`, { input: undeployOf(id, `report-${id}`) }),
      },
      {
        kind: 'put-step',
        operationId: `of-${id}`,
        step: { name: 's', result: 1 },
        finishedAt: 1,
      },
      {
        kind: 'put-entries',
        reportId: `report-${id}`,
        step: 's',
        entries: [{ type: 'Information', title: 't', createdAt: '2026-11-06T00:00:00Z' }],
      },
      {
        kind: 'insert-release',
        record: release({
          id: `release-${id}`,
          deploymentId: id,
          applications: [releaseApplication({ artifactKey: `artifact-${id}` })],
        }),
      },
      {
        kind: 'insert-revision',
        record: revision({
          deploymentId: id,
          applications: [revisionApplication({ artifactKey: `old-artifact-${id}` })],
        }),
      },
      { kind: 'put-instance', instance: instance(`i-${id}`, { releaseId: `release-${id}` }) },
      { kind: 'put-address', address: address(`label-${id}`, { deploymentId: id }) },
      { kind: 'request-job-run', run: jobRun({ id: `run-${id}`, deploymentId: id }) },
    ];

    test.for([{ keepAddresses: true }, { keepAddresses: false }])(
      'takes everything of it along; its addresses stay released: $keepAddresses',
      async ({ keepAddresses }) => {
        await using store = await openWith(...belongings('gone'), ...belongings('stays'));
        await store.operations.claim({ worker: 'w', now: 1000, leaseUntil: 9000 });
        // As the last commit of its own operation does.
        await store.commit(
          [
            { kind: 'delete-deployment', id: 'gone', keepAddresses },
            {
              kind: 'finish-operation',
              operationId: 'of-gone',
              state: 'succeeded',
              finishedAt: 2000,
            },
          ],
          { operationId: 'of-gone', attempt: 1 },
        );
        expect(await store.deployments.byId('gone')).toBeUndefined();
        expect(await store.operations.steps('of-gone')).toEqual([]);
        expect(await store.reports.entries(['report-gone'])).toEqual([]);
        expect(await store.runtime.release('release-gone')).toBeUndefined();
        expect(await store.runtime.instances({ releaseId: 'release-gone' })).toEqual([]);
        expect(await store.revisions.numbers('project', 'gone')).toEqual([]);
        expect([...(await store.runtime.artifactKeys())].toSorted()).toEqual([
          'artifact-stays',
          'old-artifact-stays',
        ]);
        expect(await store.jobRuns.get('project', 'run-gone')).toBeUndefined();
        const kept = { ...address('label-gone', { deploymentId: 'gone' }), state: 'released' };
        expect(await store.runtime.addresses()).toEqual(
          expect.arrayContaining(keepAddresses ? [kept] : []),
        );
        expect(await store.runtime.addresses()).toHaveLength(keepAddresses ? 2 : 1);
        expect(await store.operations.countOpen()).toBe(1);
      },
    );

    test('leaves everything of the others', async () => {
      await using store = await openWith(...belongings('gone'), ...belongings('stays'));
      await store.commit([{ kind: 'delete-deployment', id: 'gone', keepAddresses: true }]);
      expect(await store.deployments.byId('stays')).toBeDefined();
      expect(await store.operations.steps('of-stays')).toHaveLength(1);
      expect(await store.reports.entries(['report-stays'])).toHaveLength(1);
      expect(await store.revisions.numbers('project', 'stays')).toEqual([1]);
      expect(await store.runtime.instances({})).toHaveLength(1);
      expect(await store.jobRuns.get('project', 'run-stays')).toBeDefined();
      expect(await store.operations.claim({ worker: 'w', now: 1, leaseUntil: 2 })).toMatchObject({
        id: 'of-stays',
      });
    });
  });
}

function instance(id: string, more: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id,
    releaseId: 'release',
    applicationName: 'app',
    state: 'starting',
    restarts: 0,
    updatedAt: 1000,
    ...more,
  };
}

function address(hostLabel: string, more: Partial<Address> = {}): Address {
  return {
    hostLabel,
    projectKey: 'project',
    deploymentId: 'deployment',
    applicationName: 'app',
    state: 'wanted',
    ...more,
  };
}
