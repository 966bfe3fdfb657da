import { expect, test } from 'vitest';
import { leaveBehind } from '../../../src/control-plane/operations/leave-behind.ts';

const given = (signal: AbortSignal, graceMs = 1) => ({ signal, graceMs });
const never = new AbortController().signal;

test('work that ends is waited for, however it ends', async () => {
  expect(await leaveBehind(Promise.resolve('done'), given(never))).toBe('done');
  await expect(leaveBehind(Promise.reject(new Error('broken')), given(never))).rejects.toThrow(
    'broken',
  );
});

test('work that listens to the signal ends as it says', async () => {
  const stop = new AbortController();
  const work = new Promise((resolve) => {
    stop.signal.addEventListener('abort', () => resolve('cleared up'));
  });
  const left = leaveBehind(work, given(stop.signal, 60_000));
  stop.abort(new Error('told to stop'));
  expect(await left).toBe('cleared up');
});

test.for([
  { name: 'before it', abort: AbortSignal.abort(new Error('told to stop')) },
  { name: 'while it works', abort: undefined },
])('work that does not listen to a signal that comes $name is left behind', async ({ abort }) => {
  const stop = new AbortController();
  const left = leaveBehind(new Promise(() => {}), given(abort ?? stop.signal));
  stop.abort(new Error('told to stop'));
  await expect(left).rejects.toThrow('told to stop');
});
