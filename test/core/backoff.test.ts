import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/core/backoff.ts';

test.for([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
  [5, 1000],
  [1000, 1000],
  [1e9, 1000],
  [0, 100],
  [-1, 100],
] as const)('attempt %i waits %i ms', ([attempt, expected]) => {
  expect(backoffMs(attempt, { first: 100, max: 1000 })).toBe(expected);
});

test('a longer series never waits less, and never more than the maximum', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -5, max: 10_000 }),
      fc.integer({ min: 1, max: 600_000 }),
      fc.integer({ min: 1, max: 600_000 }),
      (attempt, first, max) => {
        const wait = backoffMs(attempt, { first, max });
        expect(wait).toBeLessThanOrEqual(max);
        expect(wait).toBeGreaterThanOrEqual(Math.min(first, max));
        expect(backoffMs(attempt + 1, { first, max })).toBeGreaterThanOrEqual(wait);
      },
    ),
  );
});
