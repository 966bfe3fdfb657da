import { expect, test } from 'vitest';
import type { RetryPolicy } from '../../src/core/connector-spec.ts';
import { nextDelivery } from '../../src/core/retry-policy.ts';

const now = 1_000_000;

function delays(policy: RetryPolicy | undefined, attempts: readonly number[]) {
  return attempts.map((attempt) => {
    const next = nextDelivery(policy, attempt, now);
    return 'dead' in next ? 'dead' : next.retryAt - now;
  });
}

test('without a policy deliveries are 10 s to 10 minutes apart, for as long as the broker keeps the message', () => {
  expect(delays(undefined, [1, 2, 3, 4, 5, 6, 7, 8, 100, 5_000])).toEqual([
    10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000, 600_000, 600_000,
  ]);
});

test('immediate waits just enough not to spin', () => {
  expect(delays({ strategy: 'immediate' }, [1, 2, 3, 50, 100, 5_000])).toEqual([
    100, 200, 300, 5_000, 10_000, 10_000,
  ]);
});

test('exponential back-off doubles from its minimum to its maximum', () => {
  const policy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 3,
    maxBackoffSeconds: 20,
  } as const;
  expect(delays(policy, [1, 2, 3, 4, 5, 1_000])).toEqual([
    3_000, 6_000, 12_000, 20_000, 20_000, 20_000,
  ]);
});

test('the last of so many attempts is the end', () => {
  const policy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 1,
    maxBackoffSeconds: 600,
    maxAttempts: 5,
  } as const;
  expect(delays(policy, [1, 4, 5, 6])).toEqual([1_000, 8_000, 'dead', 'dead']);
});

test('the back-off of a topic without a policy can be shortened', () => {
  expect(nextDelivery(undefined, 2, now, { minMs: 5, maxMs: 600_000 })).toEqual({
    retryAt: now + 10,
  });
});
