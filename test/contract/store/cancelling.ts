import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/core/operation.ts';
import { CancelRequested, FencedOff } from '../../../src/core/store-failure.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { connectorStaged, operation, undeployOf } from '../../support/records.ts';
import { commitEach, failureOf, type PrepareStore } from './place.ts';

/** What people see of operations, and how they end them. */
export function describeCancelling(prepare: PrepareStore): void {
  const openWith = async (...operations: readonly Operation[]) => {
    const store = await (await prepare()).open();
    await commitEach(
      store,
      operations.map((one) => ({ kind: 'insert-operation', operation: one })),
    );
    return store;
  };

  describe('a request to cancel', () => {
    test.for(['queued', 'running'])('is kept of an operation that is %s', async (state) => {
      await using store = await openWith(operation('a'), operation('b'));
      if (state === 'running') await claim(store);
      await store.commit([request('a')]);
      const cancel = { at: 5000, by: 'client' };
      expect(await store.operations.cancelRequests()).toMatchObject([{ id: 'a', state, cancel }]);
      expect(await get(store, 'a')).toMatchObject({ cancel });
      expect(await get(store, 'b')).not.toHaveProperty('cancel');
    });

    test('stays the first one’s', async () => {
      await using store = await openWith(operation('a'));
      await store.commit([request('a')]);
      await store.commit([request('a', { at: 6000, by: 'another' })]);
      expect(await get(store, 'a')).toMatchObject({ cancel: { at: 5000, by: 'client' } });
    });

    test('is seen by the next attempt', async () => {
      await using store = await openWith(operation('a'));
      await claim(store);
      await store.commit([request('a')]);
      await store.operations.release('worker');
      expect(await claim(store)).toMatchObject({ attempt: 2, cancel: { by: 'client' } });
    });

    test('does nothing from another project, to what has ended, or where it is forbidden', async () => {
      await using store = await openWith(operation('a'), operation('b'), operation('c'));
      await claim(store);
      await store.commit([finish('a')]);
      await store.commit([{ kind: 'forbid-cancel', operationId: 'b', reason: 'too late' }]);
      const foreign = { ...request('c'), projectKey: 'foreign' } as const;
      await store.commit([request('a'), request('b'), foreign]);
      expect(await store.operations.cancelRequests()).toEqual([]);
      expect(await get(store, 'b')).toMatchObject({ uncancellable: 'too late' });
    });

    test('refuses a commit that does not allow for it, and no other', async () => {
      await using store = await openWith(operation('a'));
      await claim(store);
      const fence = { operationId: 'a', attempt: 1 };
      const change = { kind: 'insert-connector-staged', record: connectorStaged() } as const;
      await store.commit([], { ...fence, unlessCancelled: true });
      await store.commit([request('a')]);
      const refused = store.commit([change], { ...fence, unlessCancelled: true });
      expect(await failureOf(refused)).toBeInstanceOf(CancelRequested);
      expect(await store.connectors.stagedAnywhere({ id: 'connector' })).toEqual([]);
      const outdated = store.commit([change], { ...fence, attempt: 0, unlessCancelled: true });
      expect(await failureOf(outdated)).toBeInstanceOf(FencedOff);
      await store.commit([change, finish('a', 'cancelled')], fence);
      expect(await store.operations.cancelRequests()).toEqual([]);
    });
  });

  test('a fence of what is queued holds until it is claimed', async () => {
    await using store = await openWith(operation('a'));
    const fence = { operationId: 'a', attempt: 0, whileQueued: true };
    await store.commit([], fence);
    await claim(store);
    expect(await failureOf(store.commit([], fence))).toBeInstanceOf(FencedOff);
    const asClaimed = store.commit([], { ...fence, attempt: 1 });
    expect(await failureOf(asClaimed)).toBeInstanceOf(FencedOff);
  });

  describe('operations', () => {
    test('are read in their project only', async () => {
      await using store = await openWith(operation('a'));
      expect(await store.operationRecords.get('project', 'a')).toMatchObject({ id: 'a' });
      expect(await store.operationRecords.get('foreign', 'a')).toBeUndefined();
      const page = { limit: 10, offset: 0 };
      expect((await store.operationRecords.query('foreign', page)).total).toBe(0);
    });

    test('are found newest first by subject, kind of subject and state', async () => {
      await using store = await openWith(
        on('a', 'one'),
        on('b', 'two'),
        operation('c', { input: { kind: 'preview', connectorId: 'x', reportId: 'r' } }),
        on('d', 'one'),
      );
      await claim(store);
      const find = async (filter: object) => {
        const page = { limit: 10, offset: 0, ...filter };
        const { total, results } = await store.operationRecords.query('project', page);
        return [total, results.map(({ id }) => id).join('')];
      };
      expect(await find({})).toEqual([4, 'dcba']);
      expect(await find({ limit: 2, offset: 1 })).toEqual([4, 'cb']);
      expect(await find({ subjects: ['deployment:one'] })).toEqual([2, 'da']);
      expect(await find({ subjects: ['deployment:two', 'connector:x'] })).toEqual([2, 'cb']);
      expect(await find({ of: ['connector'] })).toEqual([1, 'c']);
      expect(await find({ of: ['connector', 'deployment'], states: ['running'] })).toEqual([
        1,
        'a',
      ]);
    });

    test('show when their steps began and ended, in the order in which they began', async () => {
      await using store = await openWith(operation('a'), operation('b'));
      await store.commit([begin('a', 'z', 1), begin('a', 'm', 2), begin('b', 'other', 3)]);
      await store.commit([end('a', 'z', 4)]);
      expect(await store.operationRecords.steps(['a'])).toEqual([
        { operationId: 'a', name: 'z', startedAt: 1, finishedAt: 4 },
        { operationId: 'a', name: 'm', startedAt: 2 },
      ]);
      await store.commit([begin('a', 'z', 5)]);
      expect((await store.operationRecords.steps(['a', 'b'])).map(({ name }) => name)).toEqual([
        'm',
        'other',
        'z',
      ]);
      expect(await store.operationRecords.steps([])).toEqual([]);
    });

    test('number what happens to each of them in the order of the commits', async () => {
      await using store = await openWith(operation('a'), operation('b'));
      const progress = () => store.operationRecords.progress('project', 'a');
      expect(await progress()).toMatchObject({ operation: { state: 'queued' }, changes: 0 });
      await claim(store);
      await store.commit([begin('a', 'x', 10), begin('b', 'other', 1)]);
      await store.commit([begin('a', 'y', 11)]);
      // The one that says that it ended earlier comes later.
      await store.commit([end('a', 'y', 15)]);
      await store.commit([end('a', 'x', 14), begin('a', 'z', 16)]);
      await store.commit([request('a')]);
      await store.commit([request('a')]);
      await store.operations.release('worker');
      await claim(store);
      await store.commit([begin('a', 'z', 17)]);
      await store.commit([finish('a')]);
      expect(await progress()).toEqual({
        operation: await get(store, 'a'),
        changes: 10,
        claimedAs: 8,
        cancelRequestedAs: 7,
        endedAs: 10,
        steps: [
          { operationId: 'a', name: 'x', startedAt: 10, finishedAt: 14, begunAs: 2, endedAs: 5 },
          { operationId: 'a', name: 'y', startedAt: 11, finishedAt: 15, begunAs: 3, endedAs: 4 },
          { operationId: 'a', name: 'z', startedAt: 17, begunAs: 9 },
        ],
      });
      expect(await store.operationRecords.progress('foreign', 'a')).toBeUndefined();
      expect(await store.operationRecords.progress('project', 'unknown')).toBeUndefined();
    });

    test('show a progress of one moment, whatever is committed meanwhile', async () => {
      await using store = await openWith(operation('a'));
      const names = Array.from({ length: 100 }, (_, number) => `step-${number}`);
      let isDone = false;
      const writing = (async () => {
        await claim(store);
        for (const name of names) {
          await store.commit([begin('a', name, 1)]);
          await store.commit([end('a', name, 2)]);
        }
        isDone = true;
      })();
      let looks = 0;
      for (; !isDone; looks += 1) {
        const { changes = 0, steps = [] } =
          (await store.operationRecords.progress('project', 'a')) ?? {};
        const numbers = steps.flatMap((step) => [step.begunAs, step.endedAs ?? []].flat());
        expect(numbers.toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: Math.max(0, changes - 1) }, (_, number) => number + 2),
        );
      }
      await writing;
      expect(looks).toBeGreaterThan(1);
    });

    test('that have ended are forgotten but for the newest of each subject and kind', async () => {
      const publish = { kind: 'publish', connectorId: 'x', reportId: 'p', certification: false };
      await using store = await openWith(
        operation('p', { input: publish as Operation['input'] }),
        ...['1', '2', '3'].map((id) =>
          operation(id, { input: { kind: 'preview', connectorId: 'x', reportId: `r${id}` } }),
        ),
        on('a', 'other'),
        operation('open'),
      );
      for (const id of ['p', '1', '2', '3', 'a']) {
        const entry = { type: 'Information', title: id, createdAt: 'now' } as const;
        const reportId = (await get(store, id))?.input.reportId ?? '';
        await store.commit([
          begin(id, 'step', 1),
          end(id, 'step', 2),
          { kind: 'put-entries', reportId, step: 'step', entries: [entry] },
          finish(id),
        ]);
      }
      await store.commit([{ kind: 'forget-operations', keep: 1 }]);
      const page = { limit: 10, offset: 0 };
      const { results } = await store.operationRecords.query('project', page);
      expect(results.map(({ id }) => id)).toEqual(['open', 'a', '3', 'p']);
      const steps = await store.operationRecords.steps(['1', '2', '3']);
      expect(steps.map(({ operationId }) => operationId)).toEqual(['3']);
      expect(await store.operations.steps('1')).toEqual([]);
      const entries = await store.reports.entries(['p', 'r1', 'r2', 'r3']);
      expect(entries.map(({ title }) => title)).toEqual(['p', '3']);
    });
  });
}

const on = (id: string, deploymentId: string): Operation =>
  operation(id, { input: undeployOf(deploymentId) });

const get = (store: Store, id: string) => store.operationRecords.get('project', id);

const claim = (store: Store) =>
  store.operations.claim({ worker: 'worker', now: 1000, leaseUntil: 100_000 });

function request(operationId: string, cancel = { at: 5000, by: 'client' }): Change {
  return { kind: 'request-cancel', projectKey: 'project', operationId, request: cancel };
}

function finish(operationId: string, state: 'succeeded' | 'cancelled' = 'succeeded'): Change {
  return { kind: 'finish-operation', operationId, state, finishedAt: 2000 };
}

function begin(operationId: string, step: string, startedAt: number): Change {
  return { kind: 'begin-step', operationId, step, startedAt };
}

function end(operationId: string, name: string, finishedAt: number): Change {
  return { kind: 'put-step', operationId, step: { name, result: null }, finishedAt };
}
