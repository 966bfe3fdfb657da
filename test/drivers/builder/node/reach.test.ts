import { describe, expect, test } from 'vitest';
import { parsePackageJson } from '../../../../src/drivers/builder/node/package-json.ts';
import {
  climbingWorkspaces,
  localDependencies,
  packagePathsOutside,
  pathsOutside,
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
  expect(localDependencies(packageJson)).toEqual(['../a', '../../b', '../c/', './d', '/etc']);
});

test.each([
  ['file:a/../../b', ['a/../../b']],
  ['file:/../b', ['../b']],
  ['file:///etc', ['///etc']],
  ['link:~/b', ['~/b']],
  ['C:\\b', ['C:\\b']],
  ['file:vendor', []],
  ['me/repository', []],
  ['npm:@a/b@1', []],
])('the dependency %j is on %j', (spec, expected) => {
  const text = JSON.stringify({ dependencies: { a: spec } });
  expect(localDependencies(parsePackageJson(text))).toEqual(expected);
});

test.each([
  [['packages/*'], []],
  [
    ['../shared', '../packages/*', '!../x'],
    ['../shared', '../packages', '../x'],
  ],
  [{ packages: ['packages/../../{a,b}'] }, ['..']],
  ['../x', []],
])('workspaces %j climb to %j', (workspaces, expected) => {
  expect(climbingWorkspaces(parsePackageJson(JSON.stringify({ workspaces })))).toEqual(expected);
});

test.each([
  ['service', '../shared', 'shared'],
  ['service', '../packages/a/', 'packages/a'],
  ['packages/a', '../b', 'packages/b'],
  ['service', './lib', 'service/lib'],
  ['service', '..', '.'],
  ['service', '../..', undefined],
  ['service', '../../other', undefined],
  ['service', '/etc', undefined],
  ['service', '~/x', undefined],
  ['service', 'a/../../../x', undefined],
])('from %s the path %s is %s', (folder, path, expected) => {
  expect(resolveInRepository(folder, path)).toBe(expected);
});

describe('a file names paths outside of the folder of its application', () => {
  const inSource = { folder: 'packages/app', subfolder: 'src' };
  const atTop = { folder: 'app', subfolder: '' };
  test.each([
    ['"extends": "../tsconfig.base.json"', atTop, ['tsconfig.base.json']],
    [`import a from '../lib/a.js'`, inSource, []],
    [`import a from '../../shared/a.js'`, inSource, ['packages/shared']],
    [`import a from '../../../shared'`, inSource, ['shared']],
    [`import a from '../../../../elsewhere'`, inSource, []],
    [`import a from '../..'`, inSource, ['*']],
    [`import a from '..'`, inSource, []],
    [`import a from '..'`, atTop, ['*']],
    [`join(__dirname, '..', '..', 'shared')`, inSource, ['*']],
    [`join(__dirname, '..', 'lib')`, inSource, []],
    [`const all = [...first, ...rest]; // wait.../then`, atTop, []],
    ['$' + '{base}/../$' + '{name}', atTop, ['*']],
    ['cp -r /tmp/lib/shared .', inSource, ['*']],
    ['..\\shared', atTop, ['shared']],
  ])('%j in %j: %j', (text, place, expected) => {
    expect(pathsOutside(text, place)).toEqual(expected);
  });
});

describe('a package.json names paths outside of its folder', () => {
  test.each([
    [{ dependencies: { a: 'file:../a' } }, []],
    [{ scripts: { build: 'tsc' } }, []],
    [{ scripts: { build: 'npm --prefix ../x install && tsc' } }, ['x']],
    [{ scripts: { build: 'cd .. && make' } }, ['*']],
    [{ scripts: { prepare: 'cd .. && husky install app/.husky' } }, []],
    [{ scripts: { prepare: 'cd .. && husky install && make' } }, ['*']],
    [{ resolutions: { a: 'file:../a' } }, ['a']],
    [{ repository: { directory: 'app' }, scripts: { a: 'echo ...' } }, []],
  ])('%j: %j', (packageJson, expected) => {
    const parsed = parsePackageJson(JSON.stringify(packageJson));
    expect(packagePathsOutside(parsed, 'app')).toEqual(expected);
  });
});
