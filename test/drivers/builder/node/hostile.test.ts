import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { BuildFailure } from '../../../../src/core/failure.ts';
import {
  maxManagerFileBytes,
  readBounded,
} from '../../../../src/drivers/builder/node/read-bounded.ts';
import { prepareNodeBuilderPlace } from '../../../support/builder-place.ts';
import { startFakeRegistry } from '../../../support/fake-registry.ts';
import { createRepository, type TestFiles } from '../../../support/git-repository.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const tools = join(tmpdir(), 'berth-test-tools');
const signal = AbortSignal.timeout(100_000);
const results: string[] = [];
afterAll(() => process.stdout.write(`Tricks of hostile packages:\n${results.join('\n')}\n`));

const start = { scripts: { start: 'node index.js' } };
const packageJson = (more: object = {}) => JSON.stringify({ name: 'app', ...start, ...more });
const depending = (on: string) => packageJson({ dependencies: { x: on } });
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const refused: Readonly<Record<string, readonly [TestFiles, RegExp]>> = {
  'a folder named package.json': [{ 'app/package.json/a': '' }, /package\.json .* not a file/],
  'a folder named package-lock.json': [
    { 'app/package.json': packageJson(), 'app/package-lock.json/a': '' },
    /package-lock\.json .* not a file/,
  ],
  'a folder named .npmrc': [
    { 'app/package.json': packageJson(), 'app/.npmrc/a': '' },
    /\.npmrc .* not a file/,
  ],
  'a package.json of 2 MB': [
    { 'app/package.json': packageJson({ x: 'x'.repeat(2_000_000) }) },
    /package\.json .* larger than 1 MiB/,
  ],
  'a lockfile of 40 MB': [
    { 'app/package.json': packageJson(), 'app/yarn.lock': ' '.repeat(40_000_000) },
    /yarn\.lock .* larger than 32 MiB/,
  ],
  'a package.json 100,000 deep': [
    { 'app/package.json': `{"exports":${nested(100_000)}}` },
    /package\.json .* nested too deeply/,
  ],
  'scripts 100,000 deep': [
    { 'app/package.json': `{"scripts":${nested(100_000)}}` },
    /package\.json .* nested too deeply/,
  ],
  'a package.json in UTF-16': [
    { 'app/package.json': { text: Buffer.from(`\ufeff${packageJson()}`, 'utf16le'), mode: 0o644 } },
    /package\.json cannot be read/,
  ],
  'a package.json that is a link to itself': [
    { 'app/package.json': { symlink: 'package.json' } },
    /has no package\.json/,
  ],
  'a folder that is a link to itself': [{ app: { symlink: 'app' } }, /no folder "app"/],
  'a dependency on /etc': [{ 'app/package.json': depending('file:/etc') }, /outside/],
  'a dependency on a URL of /etc': [{ 'app/package.json': depending('file:///etc') }, /outside/],
  'a dependency on the home folder': [{ 'app/package.json': depending('link:~/x') }, /outside/],
  'a dependency that climbs late': [
    { 'app/package.json': depending('file:a/../../../x') },
    /outside/,
  ],
  'a dependency with a NUL': [{ 'app/package.json': depending('file:./a\0b') }, /does not have/],
  'a dependency of 5,000 letters': [
    { 'app/package.json': depending(`file:./${'x'.repeat(5000)}`) },
    /does not have/,
  ],
  'workspaces outside': [
    { 'app/package.json': packageJson({ workspaces: ['../../x/*'] }) },
    /outside/,
  ],
  'a version of pnpm that is none': [
    {
      'app/package.json': packageJson({ packageManager: 'pnpm@0.0.0' }),
      'app/pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    },
    /pnpm@0\.0\.0, which the build needs, could not be fetched/,
  ],
};

test.for(Object.entries(refused))('%s is refused with a reason', async ([trick, [files, says]]) => {
  await using of = await prepare(files);
  const failure = await of.build().catch((error: unknown) => error);
  if (!(failure instanceof BuildFailure)) throw new Error(`${trick}: ${String(failure)}`);
  expect(failure.message).toMatch(says);
  expect(failure.message).not.toMatch(/\p{Cc}/u);
  expect(failure.message.length).toBeLessThan(400);
  expect(failure.nextStep).toBeDefined();
  results.push(`  refused  ${trick.padEnd(45)} ${failure.message.slice(0, 100)}`);
});

test('a pipe in place of a file is not waited for', async () => {
  const path = join(await makeTempFolder(), 'package-lock.json');
  await execa('mkfifo', [path]);
  await expect(readBounded(path, maxManagerFileBytes)).rejects.toThrow('not a file');
});

test('a lockfile 100,000 deep is no answer, and no failure of Berth', async () => {
  await using of = await prepare({
    'app/package.json': packageJson({ dependencies: { x: '1' } }),
    'app/package-lock.json': `{"lockfileVersion":3,"packages":{"":{"x":${nested(100_000)}}}}`,
  });
  expect(await of.audit()).toMatchObject({ outcome: 'skipped' });
});

const token = 'operator-token';
const managers: Readonly<
  Record<
    string,
    (registry: { npmLock(): string; pnpmLock(): string; yarnLock(): string }) => TestFiles
  >
> = {
  npm: (registry) => ({ 'app/package-lock.json': registry.npmLock() }),
  pnpm: (registry) => ({ 'app/pnpm-lock.yaml': registry.pnpmLock() }),
  'Yarn 1': (registry) => ({ 'app/yarn.lock': registry.yarnLock() }),
};

test.for(Object.entries(managers))(
  "%s does not send the operator's tokens to a registry that a repository chooses, nor runs its programs in an audit",
  async ([manager, lock]) => {
    await using known = await startFakeRegistry();
    await using chosen = await startRecorder();
    const home = await makeTempFolder();
    const executed = join(home, 'executed');
    const evil = `require('node:fs').writeFileSync(${JSON.stringify(executed)}, '')`;
    await writeFile(join(home, '.npmrc'), `//registry.corp.example/:_authToken=${token}\n`);
    await using of = await prepare({
      'app/package.json': JSON.stringify({
        name: 'app',
        version: '1.0.0',
        dependencies: { bad: '^1.0.0' },
      }),
      ...lock(known),
      'app/.npmrc': [
        `registry=${chosen.url}/`,
        `//${new URL(chosen.url).host}/:always-auth=true`,
        'always-auth=true',
        'node-options=--require ./evil.cjs',
        'script-shell=./evil.cjs',
        'git=./evil.cjs',
        `prefix=${home}/prefix`,
        `cache=${home}/cache`,
        `globalconfig=${home}/.npmrc`,
        'onload-script=./evil.cjs',
      ].join('\n'),
      'app/.yarnrc': `registry "${chosen.url}"\nyarn-path "./evil.cjs"\ncache-folder "${home}/cache"\n`,
      'app/evil.cjs': { text: `#!/usr/bin/env node\n${evil}\n`, mode: 0o755 },
    });
    const builder = of.open({
      operatorEnvironment: {
        ...process.env,
        HOME: home,
        NPM_CONFIG_USERCONFIG: join(home, '.npmrc'),
        'npm_config_//registry.corp.example/:_authToken': token,
      },
    });
    await of.audit(builder);
    const heard = JSON.stringify(chosen.requests);
    expect(heard).not.toContain(token);
    expect(await readdir(home)).toEqual(['.npmrc']);
    results.push(
      `  harmless  audit by ${manager}: asked ${chosen.requests.length} times, no token, nothing executed`,
    );
  },
);

async function startRecorder() {
  const requests: object[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function prepare(files: TestFiles) {
  const cleanup = new AsyncDisposableStack();
  const place = cleanup.use(await prepareNodeBuilderPlace(tools));
  const repository = cleanup.use(await createRepository({ files, tag: 'v1' }));
  const pinned = await place.pin(repository, 'v1');
  return {
    open: place.open,
    build: () =>
      place
        .open()
        .build(
          { repository: pinned, application: 'app', type: 'service', environment: {} },
          { signal, onOutput: () => {} },
        ),
    async audit(builder = place.open()) {
      const [audit] = await builder.audit(
        { repository: pinned, applications: ['app'] },
        { signal },
      );
      return audit?.result;
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
