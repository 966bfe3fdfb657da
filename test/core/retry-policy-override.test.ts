import { describe, expect, test } from 'vitest';
import type { SentRetryPolicy } from '../../src/core/deployment.ts';
import { checkRetryPolicy } from '../../src/core/retry-policy-override.ts';

const backoff = { strategy: 'exponential-backoff', minBackoffSeconds: 1, maxBackoffSeconds: 600 };

describe('a client’s retry policy', () => {
  test.for<SentRetryPolicy>([
    { strategy: 'immediate' },
    backoff,
    { ...backoff, minBackoffSeconds: 600 },
    { ...backoff, maxAttempts: 5 },
    { ...backoff, maxAttempts: 100 },
  ])('%j is taken as it is', (sent) => {
    expect(checkRetryPolicy(sent)).toEqual({ policy: sent });
  });

  test('that is immediate has nothing else', () => {
    expect(checkRetryPolicy({ ...backoff, strategy: 'immediate' })).toEqual({
      policy: { strategy: 'immediate' },
    });
  });

  test.for<[SentRetryPolicy, readonly string[]]>([
    [{ strategy: 'never' }, ['strategy must be "immediate" or "exponential-backoff", not "never"']],
    [
      { strategy: 'exponential-backoff' },
      [
        'minBackoffSeconds must be a whole number from 1 to 600, it is missing',
        'maxBackoffSeconds must be a whole number from 1 to 600, it is missing',
      ],
    ],
    [
      { ...backoff, minBackoffSeconds: 0, maxBackoffSeconds: 601, maxAttempts: 101 },
      [
        'minBackoffSeconds must be a whole number from 1 to 600, not 0',
        'maxBackoffSeconds must be a whole number from 1 to 600, not 601',
        'maxAttempts must be a whole number from 5 to 100, not 101',
      ],
    ],
    [{ ...backoff, maxAttempts: 4 }, ['maxAttempts must be a whole number from 5 to 100, not 4']],
    [
      { ...backoff, minBackoffSeconds: 10, maxBackoffSeconds: 9 },
      ['minBackoffSeconds must not be more than maxBackoffSeconds, not 10 and 9'],
    ],
    [
      { ...backoff, minBackoffSeconds: 1.5 },
      ['minBackoffSeconds must be a whole number from 1 to 600, not 1.5'],
    ],
  ])('%j has every mistake named', ([sent, mistakes]) => {
    expect(checkRetryPolicy(sent)).toEqual({ mistakes });
  });
});
