import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../../../src/drivers/source/git/turns.ts';

const signal = new AbortController().signal;

test('work with one key runs in order, and one after the other', async () => {
  const inTurn = createTurns();
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await setImmediate();
    seen.push(`${name} ends`);
  };
  await Promise.all(['1', '2', '3'].map((name) => inTurn('key', signal, work(name))));
  expect(seen).toEqual(['1', '2', '3'].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test('work with another key does not wait', async () => {
  const inTurn = createTurns();
  const first = Promise.withResolvers<void>();
  const waiting = inTurn('a', signal, () => first.promise);
  await expect(inTurn('b', signal, async () => 'done')).resolves.toBe('done');
  first.resolve();
  await waiting;
});

test('work that fails does not stop the next', async () => {
  const inTurn = createTurns();
  const failing = inTurn('key', signal, () => Promise.reject(new Error('failed')));
  const next = inTurn('key', signal, async () => 'done');
  await expect(failing).rejects.toThrow('failed');
  await expect(next).resolves.toBe('done');
});

test('an abort ends the wait at once and lets nobody pass', async () => {
  const inTurn = createTurns();
  const first = Promise.withResolvers<void>();
  const controller = new AbortController();
  const seen: string[] = [];
  const running = inTurn('key', signal, () => first.promise);
  const aborted = inTurn('key', controller.signal, async () => seen.push('aborted'));
  const third = inTurn('key', signal, async () => seen.push('third'));
  controller.abort(new Error('No longer wanted'));
  await expect(aborted).rejects.toThrow('No longer wanted');
  expect(seen).toEqual([]);
  first.resolve();
  await Promise.all([running, third]);
  expect(seen).toEqual(['third']);
});
