import { expect, test } from 'vitest';
import { parseEvery } from '../../src/core/schedule.ts';

test.each([
  ['@every 10s', 10_000],
  ['@every 1h30m', 5_400_000],
  ['@every 250ms', 250],
  ['@every 5µs', 0.005],
  [' @every 2m ', 120_000],
  ['@every 0s', undefined],
  ['@every 0h0m', undefined],
  ['@every', undefined],
  ['@every 5', undefined],
  ['@every s', undefined],
  ['@every -5s', undefined],
  ['@every 1.5h', undefined],
  ['@every 9999999999h', undefined],
  ['every 5s', undefined],
  ['@daily', undefined],
  ['* * * * *', undefined],
])('the interval of "%s" is %s', (schedule, expected) => {
  expect(parseEvery(schedule)).toBe(expected);
});
