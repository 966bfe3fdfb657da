import { expect, test } from 'vitest';
import { changedFields } from '../../src/core/changed-fields.ts';

const app = (applicationName: string, ...values: readonly string[]) => ({
  applicationName,
  values: values.map((value, at) => ({ key: `K${at}`, value })),
});

test.for([
  ['nothing', { a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 2 }] }, []],
  ['a value', { a: 1, b: 2 }, { a: 1, b: 3 }, ['b']],
  ['a field more and a field less', { a: 1 }, { b: 1 }, ['a', 'b']],
  ['an inner field', { a: { b: { c: 1, d: 1 } } }, { a: { b: { c: 2, d: 1 } } }, ['a.b.c']],
  ['a list without names', { a: [1, 2] }, { a: [1, 3] }, ['a']],
  [
    'an item by its name',
    { a: [app('x', '1'), app('y', '1', '2')] },
    { a: [app('x', '1'), app('y', '1', '3')] },
    ['a[y].values[K1]'],
  ],
  ['an item more', { a: [app('x')] }, { a: [app('x'), app('y')] }, ['a[y]']],
  ['an order', { a: [app('x'), app('y')] }, { a: [app('y'), app('x')] }, ['a']],
  [
    'what always differs',
    { version: 1, lastModifiedAt: 1, details: { build: { id: 1 } } },
    { version: 2, lastModifiedAt: 2, details: { build: { id: 2 } } },
    [],
  ],
  ['null and nothing', { a: null }, {}, ['a']],
] as const)('finds %s', ([, before, after, fields]) => {
  expect(changedFields(before, after)).toEqual(fields);
});
