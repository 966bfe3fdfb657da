import { expect, test } from 'vitest';
import { chooseEvictions } from '../../../../src/drivers/builder/node/choose-evictions.ts';

const artifact = (key: string, usedAt: number, layers: readonly string[] = []) => ({
  key,
  usedAt,
  layers,
  bytes: 10,
});
const rule = { pinned: new Set<string>(), maxBytes: 0, usedSince: Infinity };
const three = [artifact('b', 2), artifact('a', 1), artifact('c', 3)];

test.for([
  {
    what: 'nothing within the budget',
    artifacts: three,
    rule: { ...rule, maxBytes: 30 },
    gone: [],
  },
  { what: 'the longest unused', artifacts: three, rule: { ...rule, maxBytes: 29 }, gone: ['a'] },
  { what: 'everything at a budget of nothing', artifacts: three, rule, gone: ['a', 'b', 'c'] },
  {
    what: 'what is not pinned',
    artifacts: three,
    rule: { ...rule, maxBytes: 10, pinned: new Set(['a']) },
    gone: ['b', 'c'],
  },
  {
    what: 'what was not used since then',
    artifacts: three,
    rule: { ...rule, usedSince: 2 },
    gone: ['a'],
  },
  {
    what: 'more where packages are shared: they go with the last of them',
    artifacts: [artifact('a', 1, ['x', 'x']), artifact('b', 2, ['x']), artifact('c', 3)],
    rule: { ...rule, maxBytes: 10 },
    gone: ['a', 'b'],
  },
])('evicts $what', ({ artifacts, rule, gone }) => {
  expect(chooseEvictions(artifacts, new Map([['x', 100]]), rule)).toEqual(gone);
});
