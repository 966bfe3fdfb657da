import { describe, expect, test } from 'vitest';
import {
  chooseManager,
  type ManagerFacts,
  planInstall,
  planRun,
} from '../../../../src/drivers/builder/node/package-manager.ts';

const none: ManagerFacts = {
  files: new Set(),
  hasWorkspaces: false,
  packageManager: undefined,
  yarnLock: undefined,
  pnpmLock: undefined,
  hasYarnRelease: false,
};
const yarn1 = '# yarn lockfile v1\n';
const berry = (version: number) =>
  `# generated\n\n__metadata:\n  version: ${version}\n  cacheKey: 10c0\n`;

describe('the lockfile decides the package manager', () => {
  test.each<[string, Partial<ManagerFacts>, string, string | undefined]>([
    ['nothing', {}, 'npm', undefined],
    ['package-lock.json', { files: new Set(['package-lock.json']) }, 'npm', undefined],
    ['npm-shrinkwrap.json', { files: new Set(['npm-shrinkwrap.json']) }, 'npm', undefined],
    ['yarn.lock', { yarnLock: yarn1 }, 'yarn-classic', undefined],
    ['an empty yarn.lock', { yarnLock: '' }, 'yarn-classic', undefined],
    [
      'yarn.lock beside package-lock.json',
      { yarnLock: yarn1, files: new Set(['package-lock.json']) },
      'yarn-classic',
      undefined,
    ],
    [
      'yarn.lock, packageManager npm',
      { yarnLock: yarn1, packageManager: 'npm@10.1.0' },
      'yarn-classic',
      undefined,
    ],
    [
      'package-lock.json, packageManager yarn',
      { files: new Set(['package-lock.json']), packageManager: 'yarn@4.1.0' },
      'npm',
      undefined,
    ],
    ['yarn.lock of Yarn 2', { yarnLock: berry(4) }, 'yarn-berry', '@yarnpkg/cli-dist@2'],
    ['yarn.lock of Yarn 3', { yarnLock: berry(6) }, 'yarn-berry', '@yarnpkg/cli-dist@3'],
    ['yarn.lock of Yarn 4', { yarnLock: berry(8) }, 'yarn-berry', '@yarnpkg/cli-dist@4.13'],
    ['yarn.lock of Yarn 4.14', { yarnLock: berry(9) }, 'yarn-berry', '@yarnpkg/cli-dist@4.14'],
    ['yarn.lock of a later one', { yarnLock: berry(10) }, 'yarn-berry', '@yarnpkg/cli-dist@4'],
    [
      'yarn.lock of Yarn 4, packageManager with a digest',
      { yarnLock: berry(8), packageManager: 'yarn@4.1.0+sha512.abc' },
      'yarn-berry',
      '@yarnpkg/cli-dist@4.1.0',
    ],
    [
      'yarn.lock of Yarn 4, packageManager of Yarn 1',
      { yarnLock: berry(8), packageManager: 'yarn@1.22.22' },
      'yarn-berry',
      '@yarnpkg/cli-dist@4.13',
    ],
    [
      'yarn.lock of Yarn 4 and a release in the folder',
      { yarnLock: berry(8), hasYarnRelease: true },
      'yarn-berry',
      undefined,
    ],
    ['pnpm-lock.yaml 9', { pnpmLock: "lockfileVersion: '9.0'\n" }, 'pnpm', 'pnpm@10'],
    ['pnpm-lock.yaml 6', { pnpmLock: "lockfileVersion: '6.0'\n" }, 'pnpm', 'pnpm@8'],
    ['pnpm-lock.yaml 5.4', { pnpmLock: 'lockfileVersion: 5.4\n' }, 'pnpm', 'pnpm@7'],
    [
      'pnpm-lock.yaml and packageManager',
      { pnpmLock: "lockfileVersion: '9.0'\n", packageManager: 'pnpm@9.15.0+sha1.x' },
      'pnpm',
      'pnpm@9.15.0',
    ],
    [
      'pnpm-lock.yaml and a packageManager that is no version',
      { pnpmLock: "lockfileVersion: '9.0'\n", packageManager: 'pnpm@--evil' },
      'pnpm',
      'pnpm@10',
    ],
  ])('%s', (_, facts, name, fetched) => {
    const manager = chooseManager({ ...none, ...facts });
    expect(manager.name).toBe(name);
    expect(manager.fetch && `${manager.fetch.package}@${manager.fetch.version}`).toBe(fetched);
  });
});

describe('the install command', () => {
  const line = (facts: Partial<ManagerFacts>) => {
    const { command, fallback } = planInstall(chooseManager({ ...none, ...facts }));
    const print = (of = command) => [of.tool, ...of.args].join(' ');
    return [print(), fallback && print(fallback.command)];
  };
  test.each<[string, Partial<ManagerFacts>, (string | undefined)[]]>([
    ['npm without a lockfile', {}, ['npm install --include=dev --no-workspaces', undefined]],
    [
      'npm with a lockfile',
      { files: new Set(['package-lock.json']) },
      ['npm ci --include=dev --no-workspaces', 'npm install --include=dev --no-workspaces'],
    ],
    [
      'npm with workspaces inside of the application',
      { files: new Set(['package-lock.json']), hasWorkspaces: true },
      ['npm ci --include=dev', 'npm install --include=dev'],
    ],
    [
      'Yarn 1',
      { yarnLock: yarn1 },
      [
        'yarn install --frozen-lockfile --ignore-engines --non-interactive --no-progress',
        'yarn install --ignore-engines --non-interactive --no-progress',
      ],
    ],
    ['Yarn 4', { yarnLock: berry(8) }, ['yarn install --immutable', 'yarn install --no-immutable']],
    [
      'pnpm',
      { pnpmLock: 'lockfileVersion: 9' },
      [
        'pnpm install --frozen-lockfile --ignore-workspace',
        'pnpm install --no-frozen-lockfile --ignore-workspace',
      ],
    ],
    [
      'pnpm with settings of its own',
      { pnpmLock: 'lockfileVersion: 9', files: new Set(['pnpm-workspace.yaml']) },
      ['pnpm install --frozen-lockfile', 'pnpm install --no-frozen-lockfile'],
    ],
  ])('%s', (_, facts, expected) => {
    expect(line(facts)).toEqual(expected);
  });
});

test.each([
  ['npm', 'npm run build'],
  ['yarn-classic', 'yarn run build'],
  ['yarn-berry', 'yarn run build'],
  ['pnpm', 'pnpm run build'],
] as const)('%s runs a script by %j', (manager, label) => {
  expect(planRun(manager, 'build').label).toBe(label);
});
