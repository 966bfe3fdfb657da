import { describe, expect, test } from 'vitest';
import {
  altersPackages,
  parsePackageJson,
} from '../../../../src/drivers/builder/node/package-json.ts';
import {
  type FolderFacts,
  isUnbuilt,
  planBuild,
} from '../../../../src/drivers/builder/node/plan.ts';

const folder = (packageJson: object | undefined, more: Partial<FolderFacts> = {}): FolderFacts => ({
  files: new Set(),
  packageJson: packageJson && parsePackageJson(JSON.stringify(packageJson)),
  procfile: undefined,
  yarnLock: undefined,
  pnpmLock: undefined,
  hasYarnRelease: false,
  ...more,
});
const start = 'node index.js';

describe('the build script', () => {
  test.each([
    [
      'gcp-build, and build if it fails',
      { 'gcp-build': 'tsc', build: 'tsc -b' },
      ['gcp-build', 'build'],
    ],
    ['gcp-build alone', { 'gcp-build': 'tsc' }, ['gcp-build']],
    ['build', { build: 'tsc' }, ['build']],
    ['none', { compile: 'tsc' }, []],
  ])('%s', (_, scripts, expected) => {
    const facts = folder({ scripts: { start, ...scripts } });
    expect(planBuild({ name: 'service', type: 'service' }, facts).buildScripts).toEqual(expected);
  });
});

describe('what is served', () => {
  test.each([
    'assets',
    'merchant-center-custom-application',
    'merchant-center-custom-view',
  ] as const)('%s: the files in public, never the start script', (type) => {
    const plan = planBuild(
      { name: 'ui', type },
      folder({ scripts: { start: 'mc-scripts start' } }),
    );
    expect(plan.start).toEqual({ kind: 'static', folder: 'public' });
  });

  test.each(['service', 'event', 'job'] as const)('%s: a process', (type) => {
    const plan = planBuild({ name: 'app', type }, folder({ scripts: { start } }));
    expect(plan.start).toMatchObject({ kind: 'node', args: ['index.js'] });
  });

  test('assets may be plain files', () => {
    const plan = planBuild({ name: 'ui', type: 'assets' }, folder(undefined));
    expect(plan).toMatchObject({ install: false, buildScripts: [] });
  });

  test.each(['service', 'merchant-center-custom-view'] as const)(
    '%s needs a package.json',
    (type) => {
      expect(() => planBuild({ name: 'app', type }, folder(undefined))).toThrow(
        expect.objectContaining({
          stage: 'prepare',
          message: 'The folder "app" has no package.json.',
          nextStep: expect.stringContaining('app/package.json'),
        }),
      );
    },
  );

  test('a Yarn 2+ application starts below yarn where it needs a shell', () => {
    const facts = folder({ scripts: { start: 'next start' } }, { yarnLock: '__metadata:\n' });
    const plan = planBuild({ name: 'app', type: 'service' }, facts);
    expect(plan.start).toEqual({ kind: 'shell', command: 'yarn start' });
  });
});

describe('an install', () => {
  const lock = { files: new Set(['package-lock.json']) };
  test.each<[string, FolderFacts, boolean]>([
    ['happens for dependencies', folder({ dependencies: { a: '1' }, scripts: { start } }), true],
    [
      'happens for development ones',
      folder({ devDependencies: { a: '1' }, scripts: { start } }),
      true,
    ],
    ['happens for peers', folder({ peerDependencies: { a: '1' }, scripts: { start } }), true],
    ['happens for its scripts', folder({ scripts: { start, postinstall: 'x' } }), true],
    ['happens for workspaces', folder({ workspaces: ['a'], scripts: { start } }), true],
    ['happens with a lockfile', folder({ scripts: { start } }, lock), true],
    ['is left out where it would do nothing', folder({ scripts: { start } }), false],
  ])('%s', (_, facts, expected) => {
    expect(planBuild({ name: 'app', type: 'service' }, facts).install).toBe(expected);
  });
});

test('a Node version that is not to be had is noted', () => {
  const facts = folder({ scripts: { start }, engines: { node: '<=20' } });
  const plan = planBuild({ name: 'app', type: 'service' }, facts);
  expect(plan).toMatchObject({ node: 22, notes: [expect.stringContaining('<=20')] });
});

describe('a folder that others depend on is built', () => {
  const scripts = { build: 'tsc' };
  test.each<[string, object, string[], boolean]>([
    ['where its entry does not exist yet', { scripts, main: 'dist/index.js' }, [], true],
    [
      'not where its entry is committed',
      { scripts, main: 'dist/index.js' },
      ['dist/index.js'],
      false,
    ],
    ['not without a build script', { main: 'dist/index.js' }, [], false],
    [
      'where one of its exports is missing',
      {
        scripts,
        exports: { '.': { import: './a.mjs', require: './a.cjs' }, './*': './*.js' },
      },
      ['./a.mjs'],
      true,
    ],
    ['not where it has an index.js and names nothing', { scripts }, ['index.js'], false],
  ])('%s', (_, packageJson, files, expected) => {
    const parsed = parsePackageJson(JSON.stringify(packageJson));
    expect(isUnbuilt(parsed, (path) => files.includes(path))).toBe(expected);
  });
});

describe('scripts that may write into installed packages', () => {
  test.each([
    [{ postinstall: 'patch-package' }, true],
    [{ prepare: 'node setup.js' }, true],
    [{ prepare: 'husky' }, false],
    [{ prepare: 'cd .. && husky install service/.husky || true' }, false],
    [{ prepare: 'husky && node setup.js' }, true],
    [{ build: 'prisma generate && tsc' }, true],
    [{ build: 'tsc', start: 'node_modules/.bin/nodemon' }, false],
  ])('%j: %s', (scripts, expected) => {
    expect(altersPackages(parsePackageJson(JSON.stringify({ scripts })))).toBe(expected);
  });
});
