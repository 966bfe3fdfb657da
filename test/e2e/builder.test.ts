import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectOperatorEnvironment } from '../../src/drivers/builder/node/build-environment.ts';
import type { Artifact, Workspace } from '../../src/ports/builder.ts';
import { prepareNodeBuilderPlace } from '../support/builder-place.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';

let tools = '';
beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), 'berth-tools-'));
});
afterAll(() => rm(tools, { recursive: true, force: true, maxRetries: 3 }));

const integrity =
  'sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==';

const yarn1Lock = `# yarn lockfile v1


is-number@^7.0.0:
  version "7.0.0"
  resolved "https://registry.yarnpkg.com/is-number/-/is-number-7.0.0.tgz#7535345b896734d5f80c4d06c50955527a14f12b"
  integrity ${integrity}
`;

const berryLock = `__metadata:
  version: 8
  cacheKey: 10c0

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    is-number: "npm:^7.0.0"
  languageName: unknown
  linkType: soft

"is-number@npm:^7.0.0":
  version: 7.0.0
  resolution: "is-number@npm:7.0.0"
  checksum: 10c0/b4686d0d3053146095ccd45346461bc8e53b80aeb7671cc52a4de02dbbf7dc0d1d2a986e2fe4ae206984b4d34ef37e8b795ebc4f4295c978373e6575e295d811
  languageName: node
  linkType: hard
`;

const pnpmLock = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      is-number:
        specifier: ^7.0.0
        version: 7.0.0

packages:

  is-number@7.0.0:
    resolution: {integrity: ${integrity}}
    engines: {node: '>=0.12.0'}

snapshots:

  is-number@7.0.0: {}
`;

const npmLock = JSON.stringify({
  name: 'app',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', dependencies: { 'is-number': '^7.0.0' } },
    'node_modules/is-number': { version: '7.0.0', integrity },
  },
});

describe('an application is built, started and installed again in a workspace', () => {
  test.each<[string, TestFiles, object, { manager: RegExp; node: string; install: string }]>([
    [
      'npm on Node 22',
      { 'app/package-lock.json': npmLock },
      { engines: { node: '22.x' } },
      { manager: /^npm 10\./, node: 'v22.', install: 'npm ci' },
    ],
    [
      'npm without a lockfile, a contradicting packageManager',
      {},
      { packageManager: 'yarn@4.1.0' },
      { manager: /^npm 11\./, node: 'v24.', install: 'npm install' },
    ],
    [
      'Yarn 1, a contradicting packageManager and engine',
      { 'app/yarn.lock': yarn1Lock },
      { packageManager: 'yarn@4.1.0+sha512.abc', engines: { node: '<=20' } },
      { manager: /^yarn 1\.22\./, node: 'v22.', install: 'yarn install' },
    ],
    [
      "Yarn 4 with Plug'n'Play",
      { 'app/yarn.lock': berryLock },
      {},
      { manager: /^yarn 4\./, node: 'v24.', install: 'yarn install' },
    ],
    [
      'Yarn 4 with node_modules, a contradicting packageManager',
      { 'app/yarn.lock': berryLock, 'app/.yarnrc.yml': 'nodeLinker: node-modules\n' },
      { packageManager: 'npm@10.0.0' },
      { manager: /^yarn 4\./, node: 'v24.', install: 'yarn install' },
    ],
    [
      'pnpm',
      { 'app/pnpm-lock.yaml': pnpmLock },
      {},
      { manager: /^pnpm 10\./, node: 'v24.', install: 'pnpm install' },
    ],
    [
      'pnpm of packageManager',
      { 'app/pnpm-lock.yaml': pnpmLock },
      { packageManager: 'pnpm@9.15.0+sha512.abc' },
      { manager: /^pnpm 9\.15\.0$/, node: 'v24.', install: 'pnpm install' },
    ],
  ])('%s', async (_, files, packageJson, expected) => {
    await using place = await prepareNodeBuilderPlace(tools);
    await using repository = await createRepository({
      files: {
        // It would take over the install of the application.
        'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['app'] }),
        'app/package.json': JSON.stringify({
          name: 'app',
          scripts: { build: 'node index.js', start: 'node index.js' },
          dependencies: { 'is-number': '^7.0.0' },
          ...packageJson,
        }),
        'app/index.js': `console.log(require('is-number')('1'), process.version)`,
        ...files,
      },
      tag: 'v1',
    });
    const builder = place.open();
    const lines: string[] = [];
    const built = await builder.build(
      {
        repository: await place.pin(repository, 'v1'),
        application: 'app',
        type: 'service',
        environment: {},
      },
      { signal: new AbortController().signal, onOutput: (line) => lines.push(line) },
    );
    const { artifact } = built;
    expect(artifact.packageManager).toMatch(expected.manager);
    expect(artifact.node.version).toMatch(expected.node.slice(1));
    expect(lines.some((line) => line.startsWith(`true ${expected.node}`))).toBe(true);
    expect(await start(artifact, artifact.directory)).toMatch(`true ${expected.node}`);

    await using workspace = await builder.openWorkspace(artifact.key);
    await runScript(workspace, `${expected.install} && npm -v && yarn -v`);
    expect(await start(artifact, workspace.directory)).toMatch(`true ${expected.node}`);
  });
});

async function start({ start: command }: Artifact, directory: string): Promise<string> {
  if (command.kind !== 'exec') throw new Error('It was to be run by node itself.');
  const { stdout } = await execa(command.file, command.args, { cwd: directory, extendEnv: false });
  return stdout;
}

async function runScript({ directory, path }: Workspace, line: string): Promise<void> {
  await execa('sh', ['-c', line], {
    cwd: directory,
    stdin: 'ignore',
    extendEnv: false,
    env: {
      ...selectOperatorEnvironment(process.env),
      PATH: [...path, '/usr/bin', '/bin'].join(delimiter),
      HOME: join(directory, '../..'),
    },
  });
}
