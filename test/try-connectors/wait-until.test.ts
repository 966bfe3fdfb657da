import { describe, expect, test } from 'vitest';
import { waitUntil } from './wait-until.ts';

const signal = new AbortController().signal;

describe('waitUntil', () => {
  test('asks again until there is an answer', async () => {
    let asked = 0;
    const answer = await waitUntil('x', { timeoutMs: 10_000, signal }, () => {
      asked += 1;
      return asked < 3 ? undefined : 'yes';
    });
    expect([answer, asked]).toEqual(['yes', 3]);
  });

  test('gives up and says what it waited for', async () => {
    const never = waitUntil('the moon', { timeoutMs: 1, signal }, () => undefined);
    await expect(never).rejects.toThrow('the moon: not within 0.001 s');
  });

  test('ends when it is told to', async () => {
    const reason = new Error('interrupted');
    const never = waitUntil('x', { timeoutMs: 10_000, signal: AbortSignal.abort(reason) }, () => 1);
    await expect(never).rejects.toBe(reason);
  });
});
