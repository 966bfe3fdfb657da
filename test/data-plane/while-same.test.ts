import { expect, test } from 'vitest';
import { whileSame } from '../../src/data-plane/while-same.ts';

test('the same is made once, and another one anew', () => {
  const pair = whileSame((one: object, other: object) => [one, other]);
  const [first, second] = [{}, {}];
  const made = pair(first, second);
  expect(pair(first, second)).toBe(made);
  expect(pair(second, first)).toEqual([second, first]);
  // What looks alike is another one.
  const alike = pair({}, second);
  expect(alike).not.toBe(made);
  expect(pair(first, second)).not.toBe(made);
});

test('undefined is made once, too', () => {
  let times = 0;
  const count = whileSame(() => {
    times += 1;
    return undefined;
  });
  count();
  count();
  expect(times).toBe(1);
});
