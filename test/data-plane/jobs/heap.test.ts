import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../../src/data-plane/jobs/heap.ts';

test('a heap gives back what was added, smallest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((one, other) => one < other);
      for (const number of numbers) heap.add(number);
      for (const expected of numbers.toSorted((one, other) => one - other)) {
        expect(heap.first()).toBe(expected);
        expect(heap.take()).toBe(expected);
      }
      expect(heap.size).toBe(0);
    }),
  );
});

test('an empty heap has nothing to give', () => {
  const heap = new Heap<number>((one, other) => one < other);
  expect([heap.first(), heap.take(), heap.size]).toEqual([undefined, undefined, 0]);
});
