import { describe, expect, test } from 'vitest';
import { parsePackageJson } from '../../../../src/drivers/builder/node/package-json.ts';
import {
  leavesFolder,
  localDependencies,
  packageLeavesFolder,
  resolveInRepository,
} from '../../../../src/drivers/builder/node/reach.ts';

test('local dependencies are found in every section', () => {
  const packageJson = parsePackageJson(
    JSON.stringify({
      dependencies: { a: 'file:../a', express: '^4.0.0', b: 'link:../../b' },
      devDependencies: { c: '../c/' },
      optionalDependencies: { d: 'portal:./d', e: 'https://x/../y.tgz', f: 'file:/etc' },
      peerDependencies: { g: 'file:../g' },
    }),
  );
  expect(localDependencies(packageJson)).toEqual(['../a', '../../b', '../c/', './d']);
});

test.each([
  ['service', '../shared', 'shared'],
  ['service', '../packages/a/', 'packages/a'],
  ['packages/a', '../b', 'packages/b'],
  ['service', './lib', 'service/lib'],
  ['service', '..', '.'],
  ['service', '../..', undefined],
  ['service', '../../other', undefined],
])('from %s the path %s is %s', (folder, path, expected) => {
  expect(resolveInRepository(folder, path)).toBe(expected);
});

describe('a file leaves the folder of its application', () => {
  test.each([
    ['../shared/index.ts', 0, true],
    [`import a from '../lib/a.js'`, 1, false],
    [`import a from '../../shared/a.js'`, 1, true],
    [`import a from '../..'`, 1, true],
    [`import a from '..'`, 1, false],
    [`import a from '..'`, 0, true],
    [`join(__dirname, '..', '..', 'shared')`, 1, true],
    [`join(__dirname, '..', 'lib')`, 1, false],
    [`const all = [...first, ...rest]; // wait.../then`, 0, false],
    ['cp -r /tmp/lib/shared .', 5, true],
    ['..\\shared', 0, true],
  ])('%j at depth %i: %s', (text, depth, expected) => {
    expect(leavesFolder(text, depth)).toBe(expected);
  });
});

describe('a package.json leaves its folder', () => {
  test.each([
    [{ dependencies: { a: 'file:../a' } }, false],
    [{ scripts: { build: 'tsc' } }, false],
    [{ scripts: { build: 'npm --prefix ../x install && tsc' } }, true],
    [{ scripts: { build: 'cd .. && make' } }, true],
    [{ scripts: { prepare: 'cd .. && husky install service/.husky' } }, false],
    [{ scripts: { prepare: 'cd .. && husky install && make' } }, true],
    [{ resolutions: { a: 'file:../a' } }, true],
    [{ repository: { directory: 'service' }, scripts: { a: 'echo ...' } }, false],
  ])('%j: %s', (packageJson, expected) => {
    expect(packageLeavesFolder(parsePackageJson(JSON.stringify(packageJson)))).toBe(expected);
  });
});
