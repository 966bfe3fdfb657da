import { expect, test, vi } from 'vitest';
import { createLeasedTurns } from '../../../src/control-plane/waiting/leased-turns.ts';
import { clock, keepLog, openStore } from '../operations/support.ts';

const none = new AbortController().signal;

async function open() {
  const store = await openStore();
  const log = keepLog();
  const turnsOf = (worker: string) =>
    createLeasedTurns({ store, clock, logger: log, pool: 'builds', size: 1, worker });
  return { store, log, one: turnsOf('one'), other: turnsOf('other') };
}

test('a turn is waited for, also for that of another process, and the wait is told once', async () => {
  const { store, log, one, other } = await open();
  await using _ = store;
  const turn = await one.take(none, () => expect.unreachable());
  const onWait = vi.fn();
  const next = other.take(none, onWait);
  await expect.poll(() => onWait.mock.calls.length).toBe(1);
  turn[Symbol.dispose]();
  using _next = await next;
  expect(onWait).toHaveBeenCalledOnce();
  expect(log.lines).toEqual([]);
});

test('whoever waits can give up, and holds nothing then', async () => {
  const { store, one, other } = await open();
  await using _ = store;
  const turn = await one.take(none);
  const stop = new AbortController();
  const waiting = other.take(stop.signal, () => stop.abort(new Error('given up')));
  await expect(waiting).rejects.toThrow();
  turn[Symbol.dispose]();
  using _turn = await one.take(none);
});

test('what a dead process held is free once that is known', async () => {
  const { store, one, other } = await open();
  await using _ = store;
  using _turn = await one.take(none);
  const next = other.take(none);
  await store.leases.releaseAll('one');
  using _next = await next;
});
