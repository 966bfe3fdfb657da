import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/core/operation.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { operation, undeployOf } from '../../support/records.ts';
import { commitEach, type PrepareStore } from './place.ts';

export function describeOperations(prepare: PrepareStore): void {
  const openWith = async (...operations: readonly Operation[]) => {
    const store = await (await prepare()).open();
    await commitEach(
      store,
      operations.map((one) => ({ kind: 'insert-operation', operation: one })),
    );
    return store;
  };

  describe('a claim', () => {
    test('takes the oldest operation, running, its attempt raised', async () => {
      const first = operation('z', { createdAt: 5 });
      await using store = await openWith(first, operation('a', { createdAt: 1 }));
      const claimed = { ...first, state: 'running', attempt: 1, startedAt: 1000 };
      expect(await claim(store)).toEqual(claimed);
      expect((await claim(store))?.id).toBe('a');
      expect(await claim(store)).toBeUndefined();
    });

    test('brings the input of every kind back as it was', async () => {
      const inputs = [
        { kind: 'preview', connectorId: 'c', reportId: 'r' },
        { kind: 'publish', connectorId: 'd', reportId: 'r', certification: true },
        { kind: 'deploy', deploymentId: 'e', version: 2, reportId: 'r', skipScripts: true },
        undeployOf('f'),
      ] as const;
      const operations = inputs.map((input) => operation(input.kind, { input }));
      await using store = await openWith(...operations);
      for (const one of operations)
        expect(await claim(store)).toMatchObject({ ...one, state: 'running', attempt: 1 });
    });

    test('passes over a subject that is being worked on, in the order of each subject', async () => {
      await using store = await openWith(
        onSubject('a1', 'a'),
        onSubject('a2', 'a'),
        onSubject('b1', 'b'),
        onSubject('a3', 'a'),
      );
      expect((await claim(store))?.id).toBe('a1');
      expect((await claim(store))?.id).toBe('b1');
      expect(await claim(store)).toBeUndefined();
      await finish(store, 'a1');
      expect((await claim(store))?.id).toBe('a2');
      expect(await claim(store)).toBeUndefined();
      await finish(store, 'a2');
      expect((await claim(store))?.id).toBe('a3');
    });

    test('takes over what another worker’s lease has run out for, before what is newer', async () => {
      await using store = await openWith(onSubject('a', 'a'), onSubject('b', 'b'));
      await claim(store, { worker: 'one', now: 1000, leaseUntil: 2000 });
      expect((await claim(store, { worker: 'two', now: 1999, leaseUntil: 9000 }))?.id).toBe('b');
      expect(await claim(store, { worker: 'two', now: 1999 })).toBeUndefined();
      const taken = await claim(store, { worker: 'two', now: 2001, leaseUntil: 3000 });
      expect(taken).toMatchObject({ id: 'a', attempt: 2 });
      expect(await claim(store, { worker: 'one', now: 2001 })).toBeUndefined();
    });

    test('of an operation whose lease ran out keeps its subject to itself', async () => {
      await using store = await openWith(onSubject('a1', 'a'), onSubject('a2', 'a'));
      await claim(store, { now: 1000, leaseUntil: 2000 });
      expect((await claim(store, { now: 5000, leaseUntil: 6000 }))?.id).toBe('a1');
      expect(await claim(store, { now: 5000 })).toBeUndefined();
    });

    test('takes nothing that has ended', async () => {
      await using store = await openWith(operation('a'), operation('b'));
      for (const state of ['succeeded', 'failed'] as const) {
        const one = await claim(store, { now: 1000, leaseUntil: 2000 });
        await finish(store, one?.id ?? '', state);
      }
      expect(await claim(store, { now: 1_000_000 })).toBeUndefined();
    });

    test('is each other’s competition: many at once never get the same', async () => {
      const ids = Array.from({ length: 30 }, (_, number) => `o${number}`);
      await using store = await openWith(...ids.map((id) => operation(id)));
      const claimed = await Promise.all([...ids, 'one more'].map(() => claim(store)));
      expect(claimed.map((one) => one?.id ?? '').toSorted()).toEqual([...ids, ''].toSorted());
    });
  });

  describe('a lease', () => {
    test('that is renewed lasts longer', async () => {
      await using store = await openWith(operation('a'));
      await claim(store, { now: 1000, leaseUntil: 2000 });
      const renewed = { operationId: 'a', attempt: 1, leaseUntil: 5000 };
      expect(await store.operations.renew(renewed)).toBe(true);
      expect(await claim(store, { now: 4999 })).toBeUndefined();
      expect(await claim(store, { now: 5001 })).toMatchObject({ attempt: 2 });
    });

    test('may be renewed late, while nobody has taken over', async () => {
      await using store = await openWith(operation('a'));
      await claim(store, { now: 1000, leaseUntil: 2000 });
      const late = { operationId: 'a', attempt: 1, leaseUntil: 9000 };
      expect(await store.operations.renew(late)).toBe(true);
      expect(await claim(store, { now: 8000 })).toBeUndefined();
    });

    test.for([
      { name: 'of an earlier attempt', fence: { operationId: 'a', attempt: 1 } },
      { name: 'of an attempt to come', fence: { operationId: 'a', attempt: 3 } },
      { name: 'of what is unknown', fence: { operationId: 'x', attempt: 1 } },
      { name: 'of what is queued', fence: { operationId: 'b', attempt: 0 } },
    ])('$name cannot be renewed', async ({ fence }) => {
      await using store = await openWith(onSubject('a', 's'), onSubject('b', 's'));
      await claim(store, { worker: 'one', now: 1000, leaseUntil: 2000 });
      await claim(store, { worker: 'two', now: 3000, leaseUntil: 4000 });
      expect(await store.operations.renew({ ...fence, leaseUntil: 9000 })).toBe(false);
    });

    test('of what has ended cannot be renewed', async () => {
      await using store = await openWith(operation('a'));
      await claim(store);
      await finish(store, 'a');
      const fence = { operationId: 'a', attempt: 1, leaseUntil: 9000 };
      expect(await store.operations.renew(fence)).toBe(false);
    });

    test('is given back by whoever stops', async () => {
      await using store = await openWith(operation('a'), operation('b'));
      await claim(store, { worker: 'one', now: 1000, leaseUntil: 9000 });
      await claim(store, { worker: 'two', now: 1000, leaseUntil: 9000 });
      await store.operations.release('one');
      expect(await claim(store, { worker: 'three', now: 1000 })).toMatchObject({ id: 'a' });
      expect(await claim(store, { worker: 'three', now: 1000 })).toBeUndefined();
    });
  });

  test('what runs has run since the first of them was claimed, whichever attempt it is at', async () => {
    await using store = await openWith(operation('a'), operation('b'));
    expect(await store.operations.runningSince()).toBeUndefined();
    await claim(store, { now: 1000, leaseUntil: 2000 });
    await claim(store, { now: 1500, leaseUntil: 9000 });
    await claim(store, { now: 3000, leaseUntil: 9000 });
    expect(await store.operations.runningSince()).toBe(1000);
    await finish(store, 'a');
    expect(await store.operations.runningSince()).toBe(1500);
    await finish(store, 'b');
    expect(await store.operations.runningSince()).toBeUndefined();
  });

  test('what is queued or running is counted as open', async () => {
    await using store = await openWith(operation('a'), operation('b'), operation('c'));
    await claim(store);
    expect(await store.operations.countOpen()).toBe(3);
    await finish(store, 'a', 'failed');
    expect(await store.operations.countOpen()).toBe(2);
  });

  describe('steps', () => {
    test('come back with their results, each once, the last one’s', async () => {
      await using store = await openWith(operation('a'), operation('b'));
      await store.commit([
        step('a', 'build', { key: 'x', list: [1, null, 'ä"\n'] }),
        step('a', 'switch', undefined),
        step('b', 'build', 'other'),
      ]);
      await store.commit([step('a', 'build', 'again')]);
      const steps = await store.operations.steps('a');
      expect(steps.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
        { name: 'build', result: 'again' },
        { name: 'switch', result: null },
      ]);
      expect(await store.operations.steps('unknown')).toEqual([]);
    });
  });

  describe('report entries', () => {
    test('come back in the order in which they were written, with where they come from', async () => {
      await using store = await openWith();
      await store.commit([
        entries('report', 'fetch', ['z', 'a']),
        entries('other', 'fetch', ['o']),
        entries('report', 'build', ['m']),
      ]);
      const read = await store.reports.entries(['report', 'unknown']);
      expect(read).toEqual([
        { ...entry('z'), reportId: 'report', step: 'fetch' },
        { ...entry('a'), reportId: 'report', step: 'fetch' },
        { ...entry('m'), reportId: 'report', step: 'build' },
      ]);
      expect(await store.reports.entries(['report', 'other'])).toHaveLength(4);
      expect(await store.reports.entries([])).toEqual([]);
    });

    test('of a step are replaced by those of its next run, and by nothing', async () => {
      await using store = await openWith();
      await store.commit([entries('report', 'a', ['1', '2']), entries('report', 'b', ['3'])]);
      await store.commit([entries('report', 'a', ['4'])]);
      const titles = async () =>
        (await store.reports.entries(['report'])).map(({ title }) => title).toSorted();
      expect(await titles()).toEqual(['3', '4']);
      await store.commit([entries('report', 'a', [])]);
      expect(await titles()).toEqual(['3']);
    });

    test('have a message and an application only where they were given some', async () => {
      await using store = await openWith();
      const full = { ...entry('t'), type: 'Error', message: 'm\nn', application: 'app' } as const;
      await store.commit([
        { kind: 'put-entries', reportId: 'r', step: 's', entries: [full, entry('bare')] },
      ]);
      const [first, second] = await store.reports.entries(['r']);
      expect(first).toEqual({ ...full, reportId: 'r', step: 's' });
      expect(Object.keys(second ?? {}).toSorted()).toEqual(
        ['createdAt', 'reportId', 'step', 'title', 'type'].toSorted(),
      );
    });
  });
}

function onSubject(id: string, deploymentId: string): Operation {
  return operation(id, { input: undeployOf(deploymentId) });
}

function claim(
  store: Store,
  more: Partial<Parameters<Store['operations']['claim']>[0]> = {},
): Promise<Operation | undefined> {
  return store.operations.claim({ worker: 'worker', now: 1000, leaseUntil: 100_000, ...more });
}

function finish(store: Store, operationId: string, state: 'succeeded' | 'failed' = 'succeeded') {
  return store.commit([{ kind: 'finish-operation', operationId, state, finishedAt: 2000 }]);
}

function step(operationId: string, name: string, result: unknown): Change {
  return { kind: 'put-step', operationId, step: { name, result }, finishedAt: 2000 };
}

function entry(title: string) {
  return { type: 'Information', title, createdAt: '2026-11-06T00:00:00.000Z' } as const;
}

function entries(reportId: string, name: string, titles: readonly string[]): Change {
  return { kind: 'put-entries', reportId, step: name, entries: titles.map(entry) };
}
