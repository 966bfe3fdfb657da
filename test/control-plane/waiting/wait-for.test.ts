import { expect, test, vi } from 'vitest';
import { waitFor } from '../../../src/control-plane/waiting/wait-for.ts';
import { deployment } from '../../support/records.ts';
import { openStore } from '../operations/support.ts';

const never = new AbortController().signal;
const silent = { watch: () => () => {} };

test('an answer that is there is taken at once', async () => {
  expect(await waitFor(silent, { signal: never, timeoutMs: 0 }, async () => 'there')).toBe('there');
});

test('a hint of the store makes it look again', async () => {
  await using store = await openStore();
  const looks: number[] = [];
  const waiting = waitFor(store, { signal: never, timeoutMs: 20_000 }, async () => {
    looks.push(Date.now());
    return store.deployments.byId('deployment');
  });
  await expect.poll(() => looks.length).toBeGreaterThan(0);
  await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
  expect(await waiting).toEqual(deployment());
});

test('a hint that comes while it looks is not lost', async () => {
  const hints: (() => void)[] = [];
  const store = {
    watch: (hint: () => void) => {
      hints.push(hint);
      return () => {};
    },
  };
  let looks = 0;
  const startedAt = performance.now();
  await waitFor(store, { signal: never, timeoutMs: 20_000 }, async () => {
    for (const hint of hints) hint();
    looks += 1;
    return looks === 20 ? true : undefined;
  });
  // Twenty naps to their ends would be five seconds.
  expect(performance.now() - startedAt).toBeLessThan(4000);
});

test('it looks now and then without a hint', async () => {
  let looks = 0;
  const answer = await waitFor(silent, { signal: never, timeoutMs: 20_000 }, async () => {
    looks += 1;
    return looks === 3 ? 'found' : undefined;
  });
  expect(answer).toBe('found');
});

test('after its time there is no answer, but it has looked at least once', async () => {
  const read = vi.fn(async () => undefined);
  expect(await waitFor(silent, { signal: never, timeoutMs: 30 }, read)).toBeUndefined();
  expect(await waitFor(silent, { signal: never, timeoutMs: -1 }, read)).toBeUndefined();
  expect(read.mock.calls.length).toBeGreaterThanOrEqual(2);
});

test('it ends at once with the reason of its signal', async () => {
  const stop = new AbortController();
  const waiting = waitFor(silent, { signal: stop.signal, timeoutMs: 600_000 }, async () => {
    queueMicrotask(() => stop.abort(new Error('enough')));
    return undefined;
  });
  await expect(waiting).rejects.toThrow('enough');
  const late = waitFor(silent, { signal: stop.signal, timeoutMs: 1 }, async () => 'there');
  await expect(late).rejects.toThrow('enough');
});

test('it stops watching however it ends, and leaves no listener behind', async () => {
  const stop = new AbortController();
  const [added, removed] = [
    vi.spyOn(stop.signal, 'addEventListener'),
    vi.spyOn(stop.signal, 'removeEventListener'),
  ];
  const unwatch = vi.fn();
  const store = { watch: () => unwatch };
  let looks = 0;
  await waitFor(store, { signal: stop.signal, timeoutMs: 20_000 }, async () => {
    looks += 1;
    return looks === 3 ? true : undefined;
  });
  const broken = waitFor(store, { signal: stop.signal, timeoutMs: 1 }, () =>
    Promise.reject(new Error('store is gone')),
  );
  await expect(broken).rejects.toThrow('store is gone');
  expect(unwatch).toHaveBeenCalledTimes(2);
  const listeners = added.mock.calls.map(([, listener]) => listener);
  for (const listener of listeners) expect(removed).toHaveBeenCalledWith('abort', listener);
  expect(listeners).toHaveLength(4);
});
