import { expect, test } from 'vitest';
import { createRecentAudits } from '../../../../src/drivers/builder/node/recent-audits.ts';

const checked = {
  outcome: 'checked',
  tool: 'npm 11',
  packages: 1,
  vulnerabilities: [],
} as const;

test('an audit is known for ten minutes', () => {
  let now = 0;
  const audits = createRecentAudits(() => now);
  audits.add('lockfile', checked);
  now = 599_999;
  expect(audits.find('lockfile')).toEqual(checked);
  expect(audits.find('another')).toBeUndefined();
  now = 600_000;
  expect(audits.find('lockfile')).toBeUndefined();
});

test('one that had no answer is not, one that was refused is', () => {
  const audits = createRecentAudits();
  audits.add('lockfile', { outcome: 'skipped', reason: 'The registry is away.' });
  expect(audits.find('lockfile')).toBeUndefined();
  const refused = { outcome: 'skipped', reason: 'It has none.', refused: true } as const;
  audits.add('lockfile', refused);
  expect(audits.find('lockfile')).toEqual(refused);
});

test('the oldest of too many go', () => {
  const audits = createRecentAudits();
  for (let number = 0; number <= 1_000; number += 1) audits.add(`lockfile ${number}`, checked);
  expect(audits.find('lockfile 0')).toBeUndefined();
  expect(audits.find('lockfile 1')).toEqual(checked);
});
