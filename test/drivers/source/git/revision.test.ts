import { expect, test } from 'vitest';
import { findRef, listTags, parseTag } from '../../../../src/drivers/source/git/revision.ts';

const [tagged, peeled, branch, other] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40));

test.each([
  ['an annotated tag', `${tagged}\trefs/tags/v1\n${peeled}\trefs/tags/v1^{}\n`, peeled],
  ['a lightweight tag', `${tagged}\trefs/tags/v1\n`, tagged],
  ['a tag before a branch', `${branch}\trefs/heads/v1\n${tagged}\trefs/tags/v1\n`, tagged],
  ['a branch', `${branch}\trefs/heads/v1\n`, branch],
])('finds %s', (_, listing, commit) => {
  expect(findRef(listing, 'v1')?.commit).toBe(commit);
});

test('passes over refs that only end like the tag, and lines that are none', () => {
  const listing = `${other}\trefs/heads/refs/tags/v1\nwarning: x\n\n${other}\trefs/tags/a/v1\n`;
  expect(findRef(listing, 'v1')).toBeUndefined();
});

test('lists tags in the order git gave them, at most as many as asked for', () => {
  const listing = ['v3', 'a/v2', 'v1'].map((tag) => `${tagged}\trefs/tags/${tag}\n`).join('');
  expect(listTags(listing, 2)).toEqual(['v3', 'a/v2']);
});

test.each(['v1', 'v.0.0.8', '17-01-2024_2', 'feature/34077-x-0.1.2', 'a@b'])('takes %s', (tag) => {
  expect(parseTag(tag)).toBe(tag);
});

test.each(['', '-a', '_a', 'a..b', 'a b', 'a:b', 'a.lock', 'a/.b', 'a/', 'a.', 'a@{1}', 'ä'])(
  'refuses %j',
  (tag) => {
    expect(() => parseTag(tag)).toThrow('is not a git tag');
  },
);
