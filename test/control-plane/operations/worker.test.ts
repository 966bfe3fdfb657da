import { afterEach, describe, expect, test, vi } from 'vitest';
import { startWorker, type WorkerOptions } from '../../../src/control-plane/operations/worker.ts';
import { leaseMs, type Operation } from '../../../src/core/operation.ts';
import type { Store } from '../../../src/ports/store.ts';
import { operation } from '../../support/records.ts';
import { claim, clock, keepLog, openStore, requestCancel } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

const patience = { timeout: 60_000, interval: 5 };

/** Operations that go on until the test lets them. */
function holdOperations(store: Store) {
  const held = new Map<
    string,
    { readonly stopped: AbortSignal; readonly cancelled: AbortSignal; readonly letGo: () => void }
  >();
  const begun: string[] = [];
  let most = 0;
  const run: WorkerOptions['run'] = async ({ id, attempt }, { stopped, cancelled }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.set(id, { stopped, cancelled, letGo: resolve });
    begun.push(id);
    most = Math.max(most, held.size);
    stopped.addEventListener('abort', () => resolve());
    await promise;
    held.delete(id);
    if (!stopped.aborted) await finish(store, id, attempt);
  };
  return { run, begun, held, most: () => most };
}

function finish(store: Store, operationId: string, attempt: number): Promise<void> {
  return store.commit(
    [{ kind: 'finish-operation', operationId, state: 'succeeded', finishedAt: Date.now() }],
    { operationId, attempt },
  );
}

function worker(store: Store, run: WorkerOptions['run'], more: Partial<WorkerOptions> = {}) {
  const logger = keepLog();
  const options = { store, clock, logger, workerId: 'worker', concurrency: 2, run, ...more };
  return { started: startWorker(options), log: logger };
}

async function insert(store: Store, ...ids: readonly string[]): Promise<void> {
  const operations = ids.map((id) => operation(id));
  await store.commit(operations.map((one) => ({ kind: 'insert-operation', operation: one })));
}

describe('a worker', () => {
  test('runs what was accepted before it started and what comes later', async () => {
    await using store = await openStore();
    await insert(store, 'before');
    const { run, begun, held } = holdOperations(store);
    await using _ = worker(store, run).started;
    await expect.poll(() => begun, patience).toEqual(['before']);
    await insert(store, 'later');
    await expect.poll(() => begun, patience).toEqual(['before', 'later']);
    for (const { letGo } of held.values()) letGo();
    await expect.poll(() => store.operations.countOpen(), patience).toBe(0);
  });

  test('runs no more at once than it may, and the next when one has ended', async () => {
    await using store = await openStore();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await insert(store, ...ids);
    const { run, begun, held, most } = holdOperations(store);
    await using _ = worker(store, run).started;
    await expect.poll(() => held.size, patience).toBe(2);
    for (const id of ids) {
      await expect.poll(() => held.has(id), patience).toBe(true);
      held.get(id)?.letGo();
    }
    await expect.poll(() => store.operations.countOpen(), patience).toBe(0);
    expect(begun).toEqual(ids);
    expect(most()).toBe(2);
  });

  test('shares the work with others: each operation is run once', async () => {
    await using store = await openStore();
    const runs: string[] = [];
    const run: WorkerOptions['run'] = async ({ id, attempt }) => {
      runs.push(id);
      await finish(store, id, attempt);
    };
    await using _ = worker(store, run, { workerId: 'one' }).started;
    await using __ = worker(store, run, { workerId: 'other' }).started;
    const ids = Array.from({ length: 20 }, (_, number) => `o${number}`);
    for (const id of ids) await insert(store, id);
    await expect.poll(() => store.operations.countOpen(), patience).toBe(0);
    expect(runs.toSorted()).toEqual(ids.toSorted());
  });

  test('takes over from one that is dead when its lease has run out', async () => {
    await using store = await openStore();
    await insert(store, 'o');
    await claim(store, 'dead', Date.now() - leaseMs - 1000);
    const attempts: number[] = [];
    const run: WorkerOptions['run'] = async ({ id, attempt }) => {
      attempts.push(attempt);
      await finish(store, id, attempt);
    };
    await using _ = worker(store, run).started;
    await expect.poll(() => store.operations.countOpen(), patience).toBe(0);
    expect(attempts).toEqual([2]);
  });

  test('goes on after an operation that breaks', async () => {
    await using store = await openStore();
    await insert(store, 'broken', 'whole');
    const run = async ({ id, attempt }: Operation) => {
      if (id === 'broken') throw new Error('boom');
      await finish(store, id, attempt);
    };
    const { started, log } = worker(store, run, { concurrency: 1 });
    await using _ = started;
    await expect.poll(() => store.operations.countOpen(), patience).toBe(1);
    expect(log.lines).toEqual(['error operation run broke']);
  });
});

describe('a worker that stops', () => {
  test('tells what it runs, waits for it, and leaves it to the next at once', async () => {
    await using store = await openStore();
    await insert(store, 'a', 'b', 'c');
    const { run, begun, held } = holdOperations(store);
    const { started } = worker(store, run);
    await expect.poll(() => begun, patience).toEqual(['a', 'b']);
    await started[Symbol.asyncDispose]();
    expect(held.size).toBe(0);
    expect(await claim(store, 'next')).toMatchObject({ id: 'a', attempt: 2 });
    expect(await claim(store, 'next')).toMatchObject({ id: 'b', attempt: 2 });
    expect(await claim(store, 'next')).toMatchObject({ id: 'c', attempt: 1 });
  });

  test('claims nothing any more', async () => {
    await using store = await openStore();
    const { run, begun } = holdOperations(store);
    const { started } = worker(store, run);
    await started[Symbol.asyncDispose]();
    await insert(store, 'late');
    expect(await claim(store, 'next')).toMatchObject({ id: 'late', attempt: 1 });
    expect(begun).toEqual([]);
  });
});

describe('an operation that is to be cancelled', () => {
  test('is told so at once while it runs', async () => {
    await using store = await openStore();
    await insert(store, 'o', 'other');
    const { run, held } = holdOperations(store);
    await using _ = worker(store, run).started;
    await expect.poll(() => held.size, patience).toBe(2);
    await store.commit([requestCancel('o')]);
    await expect.poll(() => held.get('o')?.cancelled.aborted, patience).toBe(true);
    expect(held.get('other')?.cancelled.aborted).toBe(false);
  });

  test('needs no free worker while it is queued', async () => {
    await using store = await openStore();
    await insert(store, 'o', 'queued');
    const { run, held, begun } = holdOperations(store);
    await using _ = worker(store, run, { concurrency: 1 }).started;
    await expect.poll(() => begun, patience).toEqual(['o']);
    await store.commit([requestCancel('queued')]);
    await expect.poll(() => held.get('queued')?.cancelled.aborted, patience).toBe(true);
    held.get('queued')?.letGo();
    await expect.poll(() => held.get('o')?.cancelled.aborted, patience).toBe(false);
  });
});

describe('the lease of what runs', () => {
  test('is renewed for as long as it takes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using store = await openStore();
    await insert(store, 'o');
    const { run, held } = holdOperations(store);
    const renewed: boolean[] = [];
    const listening: Store = {
      ...store,
      operations: {
        ...store.operations,
        async renew(fence) {
          const isHeld = await store.operations.renew(fence);
          renewed.push(isHeld);
          return isHeld;
        },
      },
    };
    let now = Date.now();
    await using _ = worker(listening, run, { clock: { now: () => now } }).started;
    await expect.poll(() => held.has('o'), patience).toBe(true);
    for (let beat = 0; beat < 9; beat += 1) {
      now += leaseMs / 3;
      vi.advanceTimersByTime(leaseMs / 3);
      await expect.poll(() => renewed.length, patience).toBe(beat + 1);
      expect(await takenAt(store, now + (leaseMs * 2) / 3)).toBe(false);
    }
    expect(held.get('o')?.stopped.aborted).toBe(false);
  });

  test('once lost stops it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await using store = await openStore();
    await insert(store, 'o');
    const { run, held } = holdOperations(store);
    await using _ = worker(store, run).started;
    await expect.poll(() => held.has('o'), patience).toBe(true);
    const stopped = held.get('o')?.stopped;
    await claim(store, 'another', Date.now() + leaseMs + 1000);
    vi.advanceTimersByTime(leaseMs / 3);
    await expect.poll(() => stopped?.aborted, patience).toBe(true);
    expect(stopped?.reason).toMatchObject({ message: 'Another worker has taken over' });
  });
});

/** Whether the lease has run out by then. Looking takes it, where it has. */
async function takenAt(store: Store, now: number): Promise<boolean> {
  const request = { worker: 'another', now, leaseUntil: now + 1 };
  return (await store.operations.claim(request)) !== undefined;
}
