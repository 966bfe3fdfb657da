import { expect, test } from 'vitest';
import { parsePackageJson } from '../../../../src/drivers/builder/node/package-json.ts';
import type { ManagerName } from '../../../../src/drivers/builder/node/package-manager.ts';
import { findRepeats } from '../../../../src/drivers/builder/node/repeats.ts';

function find(
  scripts: Readonly<Record<string, string>>,
  more: {
    readonly manager?: ManagerName;
    readonly locked?: boolean;
    readonly hasWorkspaces?: boolean;
    readonly keepsPackages?: boolean;
    readonly buildScript?: string;
    readonly fields?: object;
  } = {},
) {
  const { manager: name = 'npm', locked = true, buildScript, fields } = more;
  const { hasWorkspaces = false, keepsPackages = true } = more;
  const packageJson = parsePackageJson(JSON.stringify({ scripts, ...fields }));
  const manager = { name, locked, hasWorkspaces };
  return findRepeats({ manager, packageJson, keepsPackages, locked, buildScript });
}

test.for([
  ['npm', true, ['npm install', 'npm i', 'npm ci']],
  ['npm', false, ['npm install', 'npm i']],
  ['yarn-classic', true, ['yarn', 'yarn install']],
  ['yarn-berry', true, ['yarn', 'yarn install']],
  ['pnpm', true, ['pnpm install', 'pnpm i']],
] as const)('an install with %s is repeated by', ([manager, locked, lines]) => {
  expect(find({}, { manager, locked }).installs).toEqual(lines);
});

test.for([
  ['a script of the package takes part', { postinstall: 'node patch.js' }, {}],
  ['there are workspaces', {}, { workspaces: ['a'] }],
] as const)('no install is where %s', ([, scripts, fields]) => {
  expect(find(scripts, { fields }).installs).toEqual([]);
});

test('no install is where a script of an earlier npm takes part', () => {
  expect(find({ prepublish: 'webpack' }).installs).toEqual([]);
});

test('no install is where the package manager’s own file names workspaces', () => {
  expect(find({}, { manager: 'pnpm', hasWorkspaces: true }).installs).toEqual([]);
});

test('no install is where the build has thrown packages away', () => {
  expect(find({}, { keepsPackages: false }).installs).toEqual([]);
});

test('setting up git hooks has no part in an install', () => {
  expect(find({ prepare: 'husky install' }).installs).toContain('npm install');
});

test.for([
  'tsc',
  'rimraf ./build && tsc',
  'tsc -p tsconfig.build.json',
  'rm -rf build && npx tsc --project "tsconfig.json"',
])('a build is repeated where it is %s', (build) => {
  expect(find({ build }, { buildScript: 'build' }).builds).toEqual(['npm run build']);
});

test.for([
  'vite build',
  'webpack --mode production',
  'tsc && node embed-variables.js',
  'tsc; date > build/date',
  'tsc $ARGUMENTS',
  'tsc | tee log',
  'tsc > log',
  'tsc-alias',
  'rm -rf build && cp -r src build',
  'VERSION=1 tsc',
  '',
])('no build is where it is %j', (build) => {
  expect(find({ build }, { buildScript: 'build' }).builds).toEqual([]);
});

test('what runs around a build takes part in it', () => {
  const build = 'tsc';
  const builds = (scripts: Readonly<Record<string, string>>, buildScript = 'build') =>
    find({ build, ...scripts }, { buildScript }).builds;
  expect(builds({ prebuild: 'rimraf build' })).toEqual(['npm run build']);
  expect(builds({ prebuild: 'node generate.js' })).toEqual([]);
  expect(builds({ postbuild: 'date > build/date' })).toEqual([]);
  expect(builds({ 'gcp-build': 'npm run build' }, 'gcp-build')).toEqual(['npm run build']);
  expect(builds({ 'gcp-build': 'tsc --other' }, 'gcp-build')).toEqual([]);
});

test('each package manager has its own words', () => {
  const of = (manager: ManagerName) =>
    find({ build: 'tsc' }, { manager, buildScript: 'build' }).builds;
  expect(of('yarn-classic')).toEqual(['yarn run build', 'yarn build']);
  expect(of('pnpm')).toEqual(['pnpm run build', 'pnpm build']);
});

test('nothing is repeated of a build that there was not', () => {
  expect(find({ build: 'tsc' }).builds).toEqual([]);
});
