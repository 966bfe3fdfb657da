import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NodeBuilderOptions } from '../../../src/drivers/builder/node/driver.ts';
import { createWorkFolder } from '../../../src/drivers/builder/node/work-folders.ts';
import type { Builder, BuildRequest, BuiltArtifact } from '../../../src/ports/builder.ts';
import { describeBuilder } from '../../contract/builder.suite.ts';
import { prepareNodeBuilderPlace } from '../../support/builder-place.ts';
import { createRepository, type TestFiles } from '../../support/git-repository.ts';
import { isAlive } from '../../support/processes.ts';

let tools = '';
beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), 'berth-tools-'));
});
afterAll(() => rm(tools, { recursive: true, force: true, maxRetries: 3 }));

describeBuilder('the node driver', () => prepareNodeBuilderPlace(tools));

describe('an install', () => {
  const local = {
    'one/package.json': JSON.stringify({ name: 'one', version: '1.0.0' }),
    'one/index.js': `module.exports = 'one'`,
  };

  test('goes on without a lockfile that does not match, and says so', async () => {
    const lock = { name: 'app', lockfileVersion: 3, packages: { '': { name: 'app' } } };
    await using of = await prepare({
      ...local,
      'app/package.json': JSON.stringify({
        scripts: { start: `node -p "require('one')"` },
        dependencies: { one: 'file:../one' },
      }),
      'app/package-lock.json': JSON.stringify(lock),
    });
    const { notes, artifact } = await of.build();
    expect(notes).toEqual([expect.stringContaining('`npm ci` refused it')]);
    expect((await of.build()).notes).toEqual(notes);
    const { stdout } = await execa('node', ['-p', 'require("one")'], { cwd: artifact.directory });
    expect(stdout).toBe('one');
  });

  test('includes the folders that the application depends on, built where they are not', async () => {
    const build = `node -e "fs.writeFileSync('built.js', 'module.exports = ' + JSON.stringify(require('one') + ' two'))"`;
    await using of = await prepare({
      ...local,
      'two/package.json': JSON.stringify({
        name: 'two',
        version: '1.0.0',
        main: 'built.js',
        scripts: { build },
        dependencies: { one: '../one' },
      }),
      'app/package.json': JSON.stringify({
        scripts: { start: 'node index.js' },
        dependencies: { two: 'file:../two' },
      }),
    });
    const { artifact } = await of.build();
    const { stdout } = await execa('node', ['-p', 'require("two")'], { cwd: artifact.directory });
    expect(stdout).toBe('one two');
  });

  test('is not taken over by workspaces of the repository', async () => {
    await using of = await prepare({
      ...local,
      'package.json': JSON.stringify({ workspaces: ['app'], scripts: { prepare: 'exit 127' } }),
      '.npmrc': 'workspaces=true\n',
      'app/package.json': JSON.stringify({
        scripts: { start: 'node index.js' },
        dependencies: { one: 'file:../one' },
      }),
    });
    const { artifact } = await of.build();
    expect(await readdir(join(artifact.directory, 'node_modules'))).toContain('one');
    expect(await readdir(join(artifact.directory, '..'))).toEqual(['app', 'one']);
  });

  test('works with Yarn 1, whatever its engines and packageManager say', async () => {
    const lines: string[] = [];
    await using of = await prepare({
      ...local,
      'app/package.json': JSON.stringify({
        name: 'app',
        packageManager: 'yarn@4.1.0+sha512.abc',
        engines: { node: '>=24', npm: '1' },
        scripts: { build: `node -p "require('one')" && yarn -v`, start: 'node index.js' },
        dependencies: { one: 'file:../one' },
      }),
      'app/yarn.lock': '# yarn lockfile v1\n\n\n"one@file:../one":\n  version "1.0.0"\n',
      'app/package-lock.json': '{}',
    });
    const { artifact, notes } = await of.build({ onOutput: (line) => lines.push(line) });
    expect(artifact.packageManager).toMatch(/^yarn 1\.22\./);
    expect(lines).toContain('one');
    expect(notes).toEqual([]);
  });
});

describe('the dependencies of an application', () => {
  const release = (version: string, text: string): TestFiles => ({
    'app/package.json': JSON.stringify({
      ...{ name: 'app', version, dependencies: { 'is-number': '7.0.0' } },
      scripts: { start: 'node index.js', build: 'node index.js' },
    }),
    'app/package-lock.json': JSON.stringify({
      ...{ name: 'app', version, lockfileVersion: 3, requires: true },
      packages: {
        '': { name: 'app', version, dependencies: { 'is-number': '7.0.0' } },
        'node_modules/is-number': {
          version: '7.0.0',
          resolved: 'https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz',
          integrity:
            'sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==',
        },
      },
    }),
    'app/index.js': `console.log('${text}', require('is-number')(1))`,
  });
  const install = '$ npm ci --include=dev --no-workspaces';

  test('are those of an earlier build with the same lockfile, unless something has altered them', async () => {
    await using of = await prepare(release('1.0.0', 'one'));
    await of.repository.commit(release('1.1.0', 'two'), 'v2');
    await of.repository.commit(release('1.2.0', 'three'), 'v3');
    const build = async (tag: string) => {
      const lines: string[] = [];
      const built = await of.build({ tag, onOutput: (line) => lines.push(line) });
      return { ...built, lines };
    };
    const first = await build('v1');
    expect(first.lines).toEqual(expect.arrayContaining([install, 'one true']));
    const second = await build('v2');
    expect(second.lines).toContain('two true');
    expect(second.lines).not.toContain(install);

    const file = join(first.artifact.directory, 'node_modules/is-number/index.js');
    await writeFile(file, 'module.exports = () => "altered"');
    const third = await build('v3');
    expect(third.lines).toEqual(expect.arrayContaining([install, 'three true']));
  });

  const everything = { pinned: new Set<string>(), maxBytes: 0, usedSince: Infinity };

  test('go with the last artifact that has them', async () => {
    await using of = await prepare(release('1.0.0', 'one'));
    const layers = join(of.place.directory, 'builder/layers');
    const { artifact } = await of.build();
    await of.builder.prune({ ...everything, pinned: new Set([artifact.key]) });
    expect(await readdir(layers)).toHaveLength(1);
    await of.builder.prune(everything);
    expect(await readdir(layers)).toEqual([]);
  });
});

describe('a build', () => {
  const withScripts = (scripts: Record<string, string>, files: TestFiles = {}) =>
    prepare({
      'app/package.json': JSON.stringify({ scripts: { start: 'node .', ...scripts } }),
      ...files,
    });

  test('takes the build script where gcp-build fails, and says so', async () => {
    await using of = await withScripts({ 'gcp-build': 'exit 7', build: 'exit 0' });
    const { notes } = await of.build();
    expect(notes).toEqual([expect.stringMatching(/gcp-build.*exit code 7.*`npm run build`/)]);
  });

  test('sees nothing of the environment Berth runs in', async () => {
    await using of = await prepare(
      {
        'app/package.json': JSON.stringify({
          scripts: { build: 'env > environment.txt', start: 'node .' },
        }),
      },
      {
        operatorEnvironment: {
          PATH: process.env['PATH'],
          HOME: '/home/operator',
          BERTH_SECRET: 'secret',
          npm_config_local_prefix: '/berth',
          npm_package_name: 'berth',
        },
      },
    );
    const { artifact } = await of.build();
    const text = await readFile(join(artifact.directory, 'environment.txt'), 'utf8');
    expect(text).toMatch(/^HOME=.*\/work\//m);
    expect(text).toMatch(/^TMPDIR=.*\/work\//m);
    expect(text).toContain('NPM_CONFIG_USERCONFIG=/home/operator/.npmrc');
    expect(text).not.toMatch(/BERTH_SECRET|=\/berth|=berth$|VITEST|NODE_ENV=/m);
  });

  test('that takes too long is stopped', async () => {
    await using of = await prepare(
      { 'app/package.json': JSON.stringify({ scripts: { build: 'sleep 60', start: 'node .' } }) },
      { limits: { installTimeoutMs: 60_000, buildTimeoutMs: 1_000 } },
    );
    await expect(of.build()).rejects.toMatchObject({
      stage: 'build',
      message: '`npm run build` of application "app" was stopped: it took longer than 1 s.',
    });
  });

  test('that left a daemon behind has ended it', async () => {
    const daemon = `const { spawn } = require('child_process');
      const { pid } = spawn('sleep', ['300'], { detached: true, stdio: 'inherit' });
      console.log('daemon ' + pid);
      process.exit();`;
    await using of = await withScripts({ build: 'node daemon.js' }, { 'app/daemon.js': daemon });
    const lines: string[] = [];
    await of.build({ onOutput: (line) => lines.push(line) });
    const pid = Number(lines.join('\n').match(/daemon (\d+)/)?.[1]);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('that reads the repository around it is made again when that has changed', async () => {
    await using of = await withScripts({ build: 'cp ../VERSION .' }, { VERSION: 'one' });
    await of.repository.commit({ VERSION: 'two' }, 'v2');
    const read = async ({ artifact }: BuiltArtifact) =>
      readFile(join(artifact.directory, 'VERSION'), 'utf8');
    expect(await read(await of.build())).toBe('one');
    expect(await read(await of.build({ tag: 'v2' }))).toBe('two');
  });

  test('is not made again for a path that only seems to lead out of its folder', async () => {
    await using of = await prepare({
      'app/public/index.html': '<script src="../shared/script.js"></script>',
      'app/tsconfig.json': '{ "extends": "../tsconfig.base" }',
    });
    await of.repository.commit({ 'README.md': 'new' }, 'v2');
    await of.repository.commit({ 'tsconfig.base.json': '{}' }, 'v3');
    await of.repository.commit({ 'tsconfig.base.json': '{ }' }, 'v4');
    const tags = ['v1', 'v2', 'v3', 'v4'];
    const reused: boolean[] = [];
    for (const tag of tags) reused.push((await of.build({ tag, type: 'assets' })).reused);
    expect(reused).toEqual([false, true, false, false]);
  });

  test('of assets that wrote elsewhere names the folders it found', async () => {
    await using of = await withScripts({ build: 'mkdir -p dist && echo > dist/index.html' });
    await expect(of.build({ type: 'assets' })).rejects.toMatchObject({
      stage: 'build',
      message: 'Application "app" has no folder "public" after its build; its folders are dist.',
      nextStep: expect.stringContaining('app/public'),
    });
  });

  test('of an application whose folder is a link follows it', async () => {
    await using of = await prepare({
      app: { symlink: 'packages/app' },
      'packages/app/package.json': JSON.stringify({
        scripts: { start: 'node index.js' },
        dependencies: { one: 'file:../one' },
      }),
      'packages/one/package.json': JSON.stringify({ name: 'one', version: '1.0.0' }),
      'packages/one/index.js': `module.exports = 'one'`,
    });
    const { artifact } = await of.build();
    const { stdout } = await execa('node', ['-p', 'require("one")'], { cwd: artifact.directory });
    expect(stdout).toBe('one');
  });
});

describe('a workspace', () => {
  const files = (scripts: Record<string, string>): TestFiles => ({
    'app/package.json': JSON.stringify({ scripts: { start: 'node index.js', ...scripts } }),
    'app/index.js': '',
    'app/node_modules/one/index.js': '',
    'app/node_modules/.cache/one': '',
  });

  test.each([
    ['shares the files of installed packages', {}, process.platform === 'linux'],
    ['shares nothing where scripts may alter packages', { patch: 'patch-package' }, false],
  ])('%s', async (_, scripts, shared) => {
    await using of = await prepare(files(scripts));
    const { artifact } = await of.build();
    await using workspace = await of.builder.openWorkspace(artifact.key);
    const isShared = async (path: string) => {
      const [one, other] = await Promise.all(
        [artifact, workspace].map(({ directory }) => stat(join(directory, path))),
      );
      return one?.ino === other?.ino;
    };
    expect(await isShared('node_modules/one/index.js')).toBe(shared);
    expect(await isShared('node_modules/.cache/one')).toBe(false);
    expect(await isShared('index.js')).toBe(false);
    expect(await isShared('package.json')).toBe(false);
  });
});

test('an artifact that was damaged is built again', async () => {
  await using of = await prepare({ 'app/public/index.html': 'one' });
  const { artifact } = await of.build({ type: 'assets' });
  await writeFile(join(artifact.directory, '../../artifact.json'), '');
  expect(await of.builder.find(artifact.key)).toBeUndefined();
  expect(await of.build({ type: 'assets' })).toMatchObject({ artifact, reused: false });
});

test.each([
  ['when the next one opens', ({ open }: Acting) => open()],
  ['when another that works there tidies up', ({ other }: Acting) => tidyUp(other)],
])('what a killed process of Berth left behind ends and goes %s', async (_, act) => {
  await using of = await prepare({
    'app/package.json': JSON.stringify({
      scripts: {
        build: 'node -e "console.log(process.pid); setInterval(() => {}, 1000)"',
        start: 'node .',
      },
    }),
  });
  const builderFile = new URL('../../../src/drivers/builder/node/driver.ts', import.meta.url).href;
  const sourceFile = new URL('../../../src/drivers/source/git/git-source.ts', import.meta.url).href;
  const request = await of.request();
  const other = of.place.open();
  await using own = await createWorkFolder(join(of.place.directory, 'builder/workspaces'));
  const program = `
    const { openNodeBuilder } = await import(${JSON.stringify(builderFile)});
    const { openGitSource } = await import(${JSON.stringify(sourceFile)});
    const source = openGitSource({ directory: ${JSON.stringify(join(of.place.directory, 'git'))}, allowLocal: true, environment: process.env });
    const builder = openNodeBuilder({
      source,
      directory: ${JSON.stringify(join(of.place.directory, 'builder'))},
      toolDirectory: ${JSON.stringify(tools)},
      operatorEnvironment: process.env,
      limits: { installTimeoutMs: 60_000, buildTimeoutMs: 60_000 },
    });
    const signal = new AbortController().signal;
    await builder.build(${JSON.stringify(request)}, { signal, onOutput: console.log });
  `;
  const berth = execa(process.execPath, ['--input-type=module', '-e', program], { reject: false });
  let printed = '';
  berth.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const pid = await vi.waitFor(
    () => {
      const [line] = /^\d+$/m.exec(printed) ?? [];
      if (line === undefined) throw new Error(printed);
      return Number(line);
    },
    { timeout: 60_000 },
  );
  berth.kill('SIGKILL');
  await berth;
  const work = join(of.place.directory, 'builder/work');
  expect(await readdir(work)).toHaveLength(1);
  expect(isAlive(pid)).toBe(true);

  await act({ other, open: of.place.open });
  await expect.poll(() => isAlive(pid)).toBe(false);
  await expect.poll(() => readdir(work)).toEqual([]);
  expect(existsSync(own.directory)).toBe(true);
});

interface Acting {
  readonly other: Builder;
  readonly open: () => Builder;
}

async function tidyUp(builder: Builder): Promise<void> {
  await builder.prune({ pinned: new Set(), maxBytes: 1024 ** 3, usedSince: 0 });
}

test('a builder that opens leaves the builds of others alone', async () => {
  await using of = await prepare({
    'app/package.json': JSON.stringify({
      scripts: { build: 'node -e "setTimeout(() => {}, 300)"', start: 'node .' },
    }),
  });
  const lines: string[] = [];
  const building = of.build({ onOutput: (line) => lines.push(line) });
  await vi.waitFor(() => expect(lines).toContain('$ npm run build'), { timeout: 60_000 });
  const other = of.place.open();
  await expect(other.openWorkspace('f'.repeat(64))).rejects.toThrow('is gone');
  await expect(building).resolves.toMatchObject({ reused: false });
});

async function prepare(files: TestFiles, more: Partial<NodeBuilderOptions> = {}) {
  const cleanup = new AsyncDisposableStack();
  const place = cleanup.use(await prepareNodeBuilderPlace(tools, more));
  const repository = cleanup.use(await createRepository({ files, tag: 'v1' }));
  const builder = place.open();
  const request = async (tag = 'v1'): Promise<BuildRequest> => ({
    repository: await place.pin(repository, tag),
    application: 'app',
    type: 'service',
    environment: {},
  });
  const build = async (
    options: Partial<BuildRequest> & { tag?: string; onOutput?: (line: string) => void } = {},
  ) => {
    const { tag, onOutput = () => {}, ...rest } = options;
    const { signal } = new AbortController();
    return builder.build({ ...(await request(tag)), ...rest }, { signal, onOutput });
  };
  const dispose = () => cleanup.disposeAsync();
  return { place, repository, builder, request, build, [Symbol.asyncDispose]: dispose };
}
