import { expect, test } from 'vitest';
import { nextDiskLookMs } from '../../../src/drivers/sandbox/watchdog.ts';

const gigabyte = 1024 ** 3;

test.for([
  ['much is left', 10 * gigabyte, 50, 5_000],
  ['some is left', gigabyte, 50, 2_684],
  ['hardly anything is left', 1_000_000, 50, 1_000],
  ['nothing is left', -5, 50, 1_000],
  ['a look takes long', gigabyte, 4_000, 8_000],
] as const)('the next look at the disk where %s', ([, left, lookMs, expected]) => {
  expect(Math.round(nextDiskLookMs(left, lookMs))).toBe(expected);
});
