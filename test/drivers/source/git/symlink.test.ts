import { expect, test } from 'vitest';
import { leavesTree } from '../../../../src/drivers/source/git/symlink.ts';

test.each([
  ['a', 'b'],
  ['a', './b/c'],
  ['a', '.'],
  ['app/a', '../b'],
  ['app/a', '..'],
  ['app/deep/a', '../../b/c'],
  ['app/a', '..b'],
])('a symlink %s to %s stays in its tree', (path, target) => {
  expect(leavesTree(path, target)).toBe(false);
});

test.each([
  ['a', '..'],
  ['a', '../b'],
  ['a', '/etc/passwd'],
  ['app/a', '../../b'],
  ['app/a', './.././../b'],
  ['a', 'b/../../c'],
  ['a', 'link-to-the-root/..'],
  ['a', '..\\..\\b'],
])('a symlink %s to %s may leave its tree', (path, target) => {
  expect(leavesTree(path, target)).toBe(true);
});
