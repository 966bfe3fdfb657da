import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test, vi } from 'vitest';
import { BuildFailure } from '../../src/core/failure.ts';
import type {
  Artifact,
  Builder,
  BuildOptions,
  BuildRequest,
  BuiltArtifact,
  ForeseeOptions,
} from '../../src/ports/builder.ts';
import type { PinnedRepository } from '../../src/ports/source.ts';
import {
  createRepository,
  type TestFiles,
  type TestRepository,
} from '../support/git-repository.ts';
import { isAlive } from '../support/processes.ts';

/** A place for artifacts, at first empty, and builders that work in it. */
export interface BuilderPlace extends AsyncDisposable {
  /** A folder for the test's own files. */
  readonly directory: string;
  /** Another process of Berth, as it were: it knows only what is on disk. */
  open(): Builder;
  pin(repository: TestRepository, tag: string): Promise<PinnedRepository>;
}

/** What every builder promises. */
export function describeBuilder(name: string, preparePlace: () => Promise<BuilderPlace>): void {
  /** One repository, tagged v1, and a way to build of it. */
  const prepare = async (files: TestFiles) => {
    const cleanup = new AsyncDisposableStack();
    const place = cleanup.use(await preparePlace());
    const repository = cleanup.use(await createRepository({ files, tag: 'v1' }));
    const builder = place.open();
    const build = async (more: Partial<BuildRequest & BuildOptions & { tag: string }> = {}) => {
      const {
        tag = 'v1',
        signal = new AbortController().signal,
        onOutput = () => {},
        ...rest
      } = more;
      const pinned = await place.pin(repository, tag);
      const request = { repository: pinned, application: 'app', type: 'service', environment: {} };
      return builder.build({ ...request, ...rest } as BuildRequest, { signal, onOutput });
    };
    const foresee = async (
      more: Partial<BuildRequest & ForeseeOptions & { tag: string; by: Builder }> = {},
    ) => {
      const { tag = 'v1', by = builder, running, ...rest } = more;
      const { signal = new AbortController().signal, ...other } = rest;
      const pinned = await place.pin(repository, tag);
      const request = { repository: pinned, application: 'app', type: 'service', environment: {} };
      return by.foresee({ ...request, ...other } as BuildRequest, {
        signal,
        ...(running === undefined ? {} : { running }),
      });
    };
    const dispose = () => cleanup.disposeAsync();
    return { place, repository, builder, build, foresee, [Symbol.asyncDispose]: dispose };
  };

  describe(`${name} as a builder`, () => {
    test('a service is installed, compiled and ready to start', async () => {
      await using of = await prepare(service({ text: 'hello' }));
      const lines: string[] = [];
      const built = await of.build({ onOutput: (line) => lines.push(line) });
      expect(built).toMatchObject({ reused: false, notes: [] });
      expect(built.artifact).toMatchObject({
        application: 'app',
        commit: of.repository.firstCommit,
        start: { kind: 'exec', args: ['dist/index.js'] },
      });
      expect(lines).toContain('compiling hello');
      expect(await start(built.artifact)).toBe('hello');
    });

    test('an application that is unchanged in another tag is not built again', async () => {
      await using of = await prepare({ ...site('one'), 'README.md': 'old' });
      const first = await of.build(assets);
      await of.repository.commit({ 'README.md': 'new' }, 'v2');
      await of.repository.commit(site('two'), 'v3');
      expect(await of.build({ ...assets, tag: 'v2' })).toEqual({ ...first, reused: true });
      const changed = await of.build({ ...assets, tag: 'v3' });
      expect(changed.reused).toBe(false);
      expect(changed.artifact.key).not.toBe(first.artifact.key);
      expect(await readPage(changed)).toBe('two');
      expect(await readPage(first)).toBe('one');
    });

    test('what a build would do is told before', async () => {
      await using of = await prepare({ ...site('one'), 'README.md': 'old' });
      expect(await of.foresee(assets)).toEqual({
        outcome: 'build',
        reasons: ['It does not run yet.'],
      });
      const first = await of.build(assets);
      const running = first.artifact.key;
      await of.repository.commit({ 'README.md': 'new' }, 'v2');
      await of.repository.commit(site('two'), 'v3');
      await of.repository.commit({ app: null, 'other/index.html': '' }, 'v4');
      const told = async (more: Parameters<typeof of.foresee>[0]) => {
        const { outcome, reasons } = await of.foresee({ ...assets, running, ...more });
        return [outcome, ...reasons];
      };
      expect(await told({})).toEqual(['reuse']);
      expect(await told({ tag: 'v2' })).toEqual(['reuse']);
      const changed = 'Folder "app" has changed.';
      expect(await told({ tag: 'v3' })).toEqual(['build', changed]);
      const another = of.place.open();
      expect(await told({ tag: 'v3', by: another })).toEqual(['build', changed]);
      await of.build({ ...assets, tag: 'v3' });
      expect(await told({ tag: 'v3' })).toEqual(['reuse', changed, 'It was built before.']);
      expect(await told({ environment: { URL: 'https://one.example' } })).toEqual([
        'build',
        'Values that are compiled into it have changed.',
      ]);
      expect(await told({ type: 'service' })).toEqual([
        'fail',
        expect.stringContaining('package.json'),
      ]);
      expect(await told({ tag: 'v4' })).toEqual(['fail', expect.stringContaining('"app"')]);
      expect(await of.builder.find(running)).toEqual(first.artifact);
    });

    test('what is gone is told as that', async () => {
      await using of = await prepare(site('one'));
      const { artifact } = await of.build(assets);
      await of.builder.prune({ pinned: new Set(), maxBytes: 0, usedSince: Date.now() + 60_000 });
      const running = artifact.key;
      expect(await of.foresee({ ...assets, running })).toEqual({
        outcome: 'build',
        reasons: ['What it was built from is the same, and the build is gone.'],
      });
    });

    test('a look ahead ends when nobody waits for it', async () => {
      await using of = await prepare(site('one'));
      const signal = AbortSignal.abort(new Error('gone'));
      await expect(of.foresee({ ...assets, signal })).rejects.toThrow('gone');
    });

    test('an application is built again when a folder it depends on has changed', async () => {
      await using of = await prepare({
        ...service({ dependencies: { shared: 'file:../shared' } }),
        'app/compile.js': `require('fs').writeFileSync('dist.js', 'console.log("' + require('shared') + '")')`,
        'shared/package.json': JSON.stringify({ name: 'shared', version: '1.0.0' }),
        'shared/index.js': `module.exports = 'one'`,
      });
      const scripts = { build: 'node compile.js', start: 'node dist.js' };
      await of.repository.commit(
        {
          'app/package.json': packageJson({ scripts, dependencies: { shared: 'file:../shared' } }),
        },
        'v1',
      );
      await of.repository.commit({ 'shared/index.js': `module.exports = 'two'` }, 'v2');
      const first = await of.build();
      const second = await of.build({ tag: 'v2' });
      expect(await start(first.artifact)).toBe('one');
      expect(await start(second.artifact)).toBe('two');
    });

    test('other variables make another artifact, and the build sees them', async () => {
      await using of = await prepare({
        'app/package.json': packageJson({
          scripts: { build: 'mkdir -p public && echo $URL > public/index.html' },
        }),
      });
      const one = await of.build({ ...assets, environment: { URL: 'https://one.example' } });
      const two = await of.build({ ...assets, environment: { URL: 'https://two.example' } });
      expect(await readPage(one)).toBe('https://one.example\n');
      expect(await readPage(two)).toBe('https://two.example\n');
    });

    test('two builds of the same at once do the work once', async () => {
      await using of = await prepare(service({ text: 'once' }));
      const outputs: string[][] = [[], []];
      const [one, two] = await Promise.all(
        outputs.map((lines) => of.build({ onOutput: (line) => lines.push(line) })),
      );
      expect(one?.artifact).toEqual(two?.artifact);
      expect([one?.reused, two?.reused].toSorted()).toEqual([false, true]);
      for (const lines of outputs) expect(lines).toContain('compiling once');
    });

    test('a failed build says what failed and how, and leaves nothing', async () => {
      await using of = await prepare(
        service({ scripts: { build: 'echo "\u001b[31mmissing semicolon\u001b[0m" >&2; exit 3' } }),
      );
      const failure = await failureOf(of.build());
      expect(failure).toMatchObject({ stage: 'build' });
      expect(failure.message).toMatch(
        /build.* of application "app" failed with exit code 3 after \d+ s\./,
      );
      expect(failure.nextStep).toEqual(expect.any(String));
      expect(failure.output?.split('\n')).toContain('missing semicolon');
      expect(await of.builder.prune(everything)).toEqual([]);
    });

    test.each<[string, TestFiles, Partial<BuildRequest>, string]>([
      [
        'a folder that is not there',
        site('x'),
        { application: 'ap' },
        'The repository has no folder "ap". It has: app.',
      ],
      [
        'a folder without a package.json',
        site('x'),
        { type: 'service' },
        'The folder "app" has no package.json.',
      ],
      [
        'a package.json that is none',
        { 'app/package.json': '{' },
        { type: 'service' },
        'app/package.json cannot be read',
      ],
      [
        'an application that does not start',
        { 'app/package.json': '{}' },
        { type: 'service' },
        'Application "app" does not say how it starts.',
      ],
      [
        'a dependency outside of the repository',
        { 'app/package.json': packageJson({ dependencies: { x: 'file:../../x' } }) },
        { type: 'service' },
        'which lies outside of the repository.',
      ],
      [
        'a dependency that is missing',
        { 'app/package.json': packageJson({ dependencies: { x: 'file:../x' } }) },
        { type: 'service' },
        'which the repository does not have.',
      ],
    ])('%s is explained before anything is installed', async (_, files, request, message) => {
      await using of = await prepare(files);
      const failure = await failureOf(of.build({ ...assets, ...request }));
      expect(failure.stage).toBe('prepare');
      expect(failure.message).toContain(message);
      expect(failure.nextStep).toEqual(expect.any(String));
    });

    test('an aborted build ends with all it has started', async () => {
      await using of = await prepare(
        service({ scripts: { build: `node -e "${holdAndReport}" & wait` } }),
      );
      const abort = new AbortController();
      const file = join(of.place.directory, 'pid');
      const building = of.build({ signal: abort.signal, environment: { PID_FILE: file } });
      const outcome = expect(building).rejects.toThrow('enough');
      const pid = await vi.waitFor(() => readPid(file), { timeout: 60_000 });
      abort.abort(new Error('enough'));
      await outcome;
      await expect.poll(() => isAlive(pid), { timeout: 60_000 }).toBe(false);
    });

    test('a build goes on when one of two who wait for it gives up', async () => {
      await using of = await prepare(
        service({ scripts: { build: `node -e "${waitForFile}"`, start: 'node index.js' } }),
      );
      await of.repository.commit({ 'app/index.js': 'console.log(1)' }, 'v1');
      const abort = new AbortController();
      const go = join(of.place.directory, 'go');
      const environment = { GO_FILE: go };
      const lines: string[] = [];
      const first = of.build({
        environment,
        signal: abort.signal,
        onOutput: (line) => lines.push(line),
      });
      const gaveUp = expect(first).rejects.toThrow('enough');
      await vi.waitFor(() => expect(lines).toContain('waiting'), { timeout: 60_000 });
      const heard: string[] = [];
      const second = of.build({ environment, onOutput: (line) => heard.push(line) });
      await vi.waitFor(() => expect(heard).not.toEqual([]), { timeout: 60_000 });
      abort.abort(new Error('enough'));
      await gaveUp;
      await writeFile(go, '');
      expect(await second).toMatchObject({ reused: true });
    });

    test('an audit tells nothing to check from nothing known', async () => {
      const dependencies = { other: '^1.0.0' };
      await using of = await prepare({
        ...site('one'),
        'loose/package.json': JSON.stringify({ name: 'loose', dependencies }),
      });
      const repository = await of.place.pin(of.repository, 'v1');
      const applications = ['app', 'loose', 'missing'];
      const { signal } = new AbortController();
      expect(await of.builder.audit({ repository, applications }, { signal })).toEqual([
        { applications: ['app'], result: { outcome: 'checked', packages: 0, vulnerabilities: [] } },
        {
          applications: ['loose'],
          result: { outcome: 'skipped', reason: expect.stringContaining('no lockfile') },
        },
        {
          applications: ['missing'],
          result: { outcome: 'skipped', reason: expect.stringContaining('no folder "missing"') },
        },
      ]);
    });

    test('an audit that nobody waits for any more is not begun', async () => {
      await using of = await prepare(site('one'));
      const repository = await of.place.pin(of.repository, 'v1');
      const signal = AbortSignal.abort(new Error('enough'));
      const audit = of.builder.audit({ repository, applications: ['app'] }, { signal });
      await expect(audit).rejects.toThrow('enough');
    });

    test('an artifact is found by whoever opens the place, until it is pruned', async () => {
      await using of = await prepare({ ...site('one'), 'other/public/index.html': 'other' });
      const [kept, gone] = await Promise.all([
        of.build(assets),
        of.build({ ...assets, application: 'other' }),
      ]);
      const other = of.place.open();
      expect(await other.find(kept.artifact.key)).toEqual(kept.artifact);
      expect(await other.prune({ ...everything, pinned: new Set([kept.artifact.key]) })).toEqual([
        gone.artifact.key,
      ]);
      expect(await of.builder.find(gone.artifact.key)).toBeUndefined();
      expect(existsSync(gone.artifact.directory)).toBe(false);
      expect(await readPage(kept)).toBe('one');
    });

    test('within the budget everything stays; above it the longest unused goes first', async () => {
      const names = ['one', 'two', 'three'];
      const files = names.map((name) => [`${name}/public/index.html`, name.repeat(10_000)]);
      await using of = await prepare(Object.fromEntries(files));
      const keys: string[] = [];
      for (const application of names)
        keys.push((await of.build({ ...assets, application })).artifact.key);
      const [one = '', two = '', three = ''] = keys;
      expect(await of.builder.prune({ ...everything, maxBytes: 1024 ** 2 })).toEqual([]);
      // Taken again, it is the youngest.
      await of.build({ ...assets, application: 'one' });
      expect(await of.builder.prune({ ...everything, usedSince: 0 })).toEqual([]);
      expect(await of.builder.prune({ ...everything, pinned: new Set([two, one]) })).toEqual([
        three,
      ]);
      expect(await of.builder.prune(everything)).toEqual([two, one]);
    });

    test.each(['', 'x', '../app', 'f'.repeat(64)])('%j is the key of nothing', async (key) => {
      await using place = await preparePlace();
      const builder = place.open();
      expect(await builder.find(key)).toBeUndefined();
      await expect(builder.openWorkspace(key)).rejects.toThrow(BuildFailure);
    });

    test('a workspace is a copy of its own with the tools on its path', async () => {
      await using of = await prepare({
        ...site('one'),
        'app/latest': { symlink: 'public' },
        'scripts/run': { text: '#!/bin/sh\n', mode: 0o755 },
      });
      const built = await of.build(assets);
      let directory: string;
      {
        await using workspace = await of.builder.openWorkspace(built.artifact.key);
        directory = workspace.directory;
        await writeFile(join(directory, 'latest/index.html'), 'two');
        await rm(join(directory, '../scripts'), { recursive: true });
        expect(await readPage(built)).toBe('one');
        expect(await readdir(join(built.artifact.directory, '../scripts'))).toEqual(['run']);
        const { stdout } = await run(directory, workspace.path, 'node -v && npm -v && yarn -v');
        expect(stdout).toMatch(/^v2[24]\.\d+\.\d+\n1[01]\.\d+\.\d+\n1\.22\.\d+$/);
      }
      expect(existsSync(directory)).toBe(false);
      expect(await readPage(built)).toBe('one');
    });
  });
}

const everything = { pinned: new Set<string>(), maxBytes: 0, usedSince: Infinity };
const assets = { type: 'assets' } as const;

const site = (text: string): TestFiles => ({ 'app/public/index.html': text });

/** Compiles itself into a program that prints a text. */
function service(more: {
  readonly text?: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
}): TestFiles {
  const { text = 'text', dependencies = {} } = more;
  const scripts = { build: 'node compile.js', start: 'node dist/index.js', ...more.scripts };
  const compile = `
    const fs = require('node:fs');
    console.log('compiling ${text}');
    fs.mkdirSync('dist');
    fs.writeFileSync('dist/index.js', 'console.log("${text}")');
  `;
  return {
    'app/package.json': packageJson({ scripts, dependencies }),
    'app/compile.js': compile,
  };
}

function packageJson(content: object): string {
  return JSON.stringify({ name: 'app', version: '1.0.0', ...content });
}

const holdAndReport = `
  process.on('SIGTERM', () => {});
  require('fs').writeFileSync(process.env.PID_FILE, String(process.pid));
  setInterval(() => {}, 1000);
`.replaceAll('\n', '');

const waitForFile = `
  console.log('waiting');
  setInterval(() => {
    console.log('still waiting');
    if (require('fs').existsSync(process.env.GO_FILE)) process.exit();
  }, 20);
`.replaceAll('\n', '');

async function start({ start: command, directory, path }: Artifact): Promise<string> {
  if (command.kind === 'static') throw new Error('It has nothing to start.');
  if (command.kind === 'shell') return (await run(directory, path, command.command)).stdout;
  const { stdout } = await execa(command.file, command.args, { cwd: directory, extendEnv: false });
  return stdout;
}

function run(directory: string, path: readonly string[], line: string) {
  const PATH = [...path, process.env['PATH']].join(delimiter);
  return execa('sh', ['-c', line], { cwd: directory, env: { PATH } });
}

function readPage({ artifact }: BuiltArtifact): Promise<string> {
  if (artifact.start.kind !== 'static') throw new Error('It serves no files.');
  return readFile(join(artifact.start.directory, 'index.html'), 'utf8');
}

async function failureOf(building: Promise<unknown>): Promise<BuildFailure> {
  const error: unknown = await building.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BuildFailure) return error;
  throw new Error('The build did not fail as expected.', { cause: error });
}

async function readPid(file: string): Promise<number> {
  const pid = Number(await readFile(file, 'utf8'));
  if (!(pid > 0)) throw new Error('Not written yet.');
  return pid;
}
