import { expect, test } from 'vitest';
import { keepTail } from '../../../../src/drivers/runtime/process/tail.ts';

test.for([
  { lines: [], tail: '' },
  { lines: ['one', 'two'], tail: 'one\ntwo' },
  { lines: ['one', 'two', 'three'], tail: 'two\nthree' },
  { lines: ['\x1b[31mred\x1b[0m'], tail: 'red' },
  { lines: ['1234567890'], tail: '234567890' },
  { lines: ['before', 'aaaäääää'], tail: 'ääää' },
])('of $lines the tail in 10 bytes is $tail', ({ lines, tail }) => {
  const kept = keepTail(10);
  for (const line of lines) kept.add(line);
  expect(kept.text()).toBe(tail);
});
