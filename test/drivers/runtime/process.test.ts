import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openProcessRuntime } from '../../../src/drivers/runtime/process/process-runtime.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';
import { describeRuntime } from '../../contract/runtime.suite.ts';
import { isOpen, programs, runCommand, startInstance, whichRun } from '../../support/instance.ts';
import { type StartedProgram, startProgram } from '../../support/program.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeRuntime('the process driver', openNew);

const packageTools = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

test.for([
  'number',
  'text',
  'host',
  'host-backlog',
  'backlog',
  'options',
  'options-text',
  'http2',
  'https',
  'net',
])('a listen on 8080 written as %s is an instance’s own port', async (form) => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'listens.cjs', { args: [form] });
  await expect.poll(() => instance.lines).toEqual(['listening on 8080']);
  expect(await isOpen(instance.address)).toBe(true);
  expect(instance.otherPorts()).toEqual([]);
});

test.for([
  ['an address', "fetch('http://169.254.169.254/')"],
  ['a number', "fetch('http://2852039166/')"],
  ['IPv6', "fetch('http://[fe80::1]/')"],
  ['IPv4 in IPv6', "fetch('http://[::ffff:169.254.169.254]/')"],
  ['a request', "once(get('http://169.254.169.254/'), 'response')"],
  ['a socket', "once(connect(80, '169.254.169.254'), 'connect')"],
  ['a name', "once(connect({ host: 'metadata.test', port: 80, lookup }), 'connect')"],
])('a link-local address is refused, written as %s', async ([, call]) => {
  await using runtime = await openNew();
  const script = `
    const { once } = require('node:events');
    const { get } = require('node:http');
    const { connect } = require('node:net');
    const lookup = (name, options, callback) =>
      options.all ? callback(null, [{ address: '169.254.1.1', family: 4 }]) : callback(null, '169.254.1.1', 4);
    (async () => ${call})().catch((error) => console.log(error.code ?? error.cause.code)).then(() => process.exit());
  `;
  const start = {
    kind: 'exec',
    file: process.execPath,
    args: ['-e', script],
    environment: {},
  } as const;
  const instance = await startInstance(runtime, 'asks', { start });
  await instance.exit;
  expect(instance.lines).toEqual(['EACCES']);
});

test('a second listen on 8080 fails as it does in hosting', async () => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'listens-twice.cjs');
  await expect
    .poll(() => instance.lines)
    .toEqual(['EADDRINUSE 8080 listen EADDRINUSE: address already in use 127.0.0.1:8080']);
});

test('the workers of a cluster share one port', async () => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'cluster.cjs');
  await expect.poll(() => instance.lines).toEqual(Array(2).fill('worker listens on 8080'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => instance.ask()));
  expect(new Set(answers.map((answer) => Object(answer).pid)).size).toBe(2);
  expect(instance.otherPorts()).toEqual([]);
});

test.for(['fork', 'spawn', 'own-environment', 'sync', 'worker', 'shell'])(
  'a program started by %s listens on its application’s port',
  async (way) => {
    await using runtime = await openNew();
    const environment = { NAME: way };
    const instance = await startInstance(runtime, 'starts-child.cjs', { args: [way], environment });
    expect(await instance.ask()).toMatchObject({ name: way });
  },
);

test.for(['npm', 'yarn'])(
  '%s start with NODE_OPTIONS of its own listens on its port, and is gone after stop',
  async (tool) => {
    await using runtime = await openNew();
    const instance = await startInstance(runtime, tool, {
      directory: join(programs, 'npm-start'),
      start: { kind: 'shell', command: `${tool} start` },
      path: [packageTools],
      environment: { NAME: tool },
    });
    const { name, pid } = Object(await instance.ask());
    expect(name).toBe(tool);
    expect(pid).not.toBe(instance.pid);
    await runtime.stop(instance.id, 5000);
    expect(await whichRun([instance.pid, pid])).toEqual([]);
  },
);

test('an application sees neither our options nor a variable of ours', async () => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'prints-environment.cjs', {
    start: { kind: 'shell', command: 'NODE_OPTIONS= node prints-environment.cjs' },
  });
  await instance.exit;
  const { environment, execArgv } = JSON.parse(instance.lines[0] ?? '');
  const { NODE_OPTIONS = '', PWD, ...rest } = environment;
  expect(NODE_OPTIONS).toBe('');
  expect(execArgv).toEqual([]);
  expect(Object.keys(rest).toSorted()).toEqual(['HOME', 'PATH', 'TMPDIR']);
});

test('PATH is the node shim, what the artifact brings, and the system’s', async () => {
  const directory = await makeTempFolder();
  await using runtime = await openProcessRuntime({ directory });
  const instance = await startInstance(runtime, 'prints-environment.cjs', {
    path: ['/artifact/bin', '/artifact/tools'],
  });
  await instance.exit;
  const { HOME, PATH } = JSON.parse(instance.lines[0] ?? '').environment;
  expect(HOME.startsWith(directory)).toBe(true);
  expect(PATH.split(delimiter)).toEqual([
    join(HOME, '..', 'bin'),
    '/artifact/bin',
    '/artifact/tools',
    ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  ]);
});

test('the heap is bounded by the memory limit unless the application says otherwise', async () => {
  await using runtime = await openNew();
  const limits = { memoryMb: 512, cpus: 1 };
  const NODE_OPTIONS = '--max-old-space-size=200';
  const [bounded, own] = await Promise.all([
    startInstance(runtime, 'prints-heap-limit.cjs', { id: 'bounded', limits }),
    startInstance(runtime, 'prints-heap-limit.cjs', {
      id: 'own',
      limits,
      environment: { NODE_OPTIONS },
    }),
  ]);
  await Promise.all([bounded.exit, own.exit]);
  // V8 reports the old space together with some young space, the same for both.
  expect(Number(bounded.lines[0])).toBeGreaterThanOrEqual(384);
  expect(Number(bounded.lines[0]) - Number(own.lines[0])).toBe(384 - 200);
});

test('an application that ends takes its children along', async () => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'leaves-child.cjs');
  expect(await instance.exit).toMatchObject({ code: 0 });
  const child = Number((instance.lines[0] ?? '').split(' ')[1]);
  expect(await whichRun([child])).toEqual([]);
});

test.runIf(process.platform === 'linux')('a child that left the group is stopped too', async () => {
  await using runtime = await openNew();
  const instance = await startInstance(runtime, 'leaves-group.cjs');
  await expect.poll(() => instance.lines[0]).toMatch(/^child /);
  await runtime.stop(instance.id, 1000);
  const child = Number((instance.lines[0] ?? '').split(' ')[1]);
  expect(await whichRun([child])).toEqual([]);
});

test('nothing stays on disk of what has ended', async () => {
  const directory = await makeTempFolder();
  await using runtime = await openProcessRuntime({ directory });
  const instance = await startInstance(runtime, 'http-8080.cjs');
  expect(await readdir(join(directory, 'instances'))).toEqual(['http-8080.cjs.json']);
  await runCommand(runtime, 'echo > "$HOME/a" && echo > "$TMPDIR/b"');
  await runtime.stop(instance.id, 1000);
  expect(await readdir(join(directory, 'instances'))).toEqual([]);
  expect(await readdir(join(directory, 'work'))).toEqual([]);
});

test('what a killed Berth left running is observed by the next one, and stopped', async () => {
  const directory = await makeTempFolder();
  await using killed = startBerth(directory);
  await waitFor(killed.lines, 'command', 'listening on 8080');
  const [, pid, port] = (killed.lines.find((line) => line.startsWith('instance ')) ?? '').split(
    ' ',
  );
  await killed.kill();

  await using runtime = await openProcessRuntime({ directory });
  const left = await runtime.observe();
  expect(left.map(({ id, owned }) => ({ id, owned }))).toEqual([
    { id: expect.stringMatching(/^command-/), owned: false },
    { id: 'one', owned: false },
  ]);
  expect(left[1]?.pid).toBe(Number(pid));
  expect(await isOpen({ host: '127.0.0.1', port: Number(port) })).toBe(true);
  await expect(startInstance(runtime, 'http-8080.cjs', { id: 'one' })).rejects.toThrow(
    /still runs from before/,
  );
  await Promise.all(left.map(({ id }) => runtime.stop(id, 1000)));
  expect(await runtime.observe()).toEqual([]);
  // On a busy machine the threads of a process that was killed end one after another, and the last of them closes its port.
  await expect.poll(() => isOpen({ host: '127.0.0.1', port: Number(port) })).toBe(false);
  expect(await whichRun(left.map((one) => one.pid))).toEqual([]);
  expect(await readdir(join(directory, 'work'))).toEqual([]);
});

test.runIf(process.platform === 'linux')(
  'a kill between the start of a process and its record loses nothing',
  async () => {
    const directory = await makeTempFolder();
    await using killed = startBerth(directory);
    await waitFor(killed.lines, 'command');
    await killed.kill();
    const folder = join(directory, 'instances');
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '{');

    await using runtime = await openProcessRuntime({ directory });
    const left = await runtime.observe();
    expect(left.map(({ id }) => id)).toContain('one');
    await Promise.all(left.map(({ id }) => runtime.stop(id, 1000)));
    expect(await whichRun(left.map((one) => one.pid))).toEqual([]);
  },
);

test('a record whose process number belongs to somebody else is not taken for a leftover', async () => {
  const directory = await makeTempFolder();
  await using runtime = await openProcessRuntime({ directory });
  const record = { id: 'old', pid: process.pid, startedAt: 'long ago' };
  await writeFile(join(directory, 'instances', 'old.json'), JSON.stringify(record));
  await runtime.stop('old', 0);
  expect(await runtime.observe()).toEqual([]);
  expect(await readdir(join(directory, 'instances'))).toEqual([]);
});

test.for(['calls-platform.cjs', 'calls-platform.mjs'])(
  'calls of %s to the platform go where the project says',
  async (program) => {
    const api = await startEcho('api');
    const auth = await startEcho('auth');
    const platformRedirect = { apiUrl: `${api}/base`, authUrl: auth };
    await using runtime = await openNew();
    const instance = await startInstance(runtime, program, { platformRedirect });
    const result = await runCommand(runtime, `node ${program}`, { platformRedirect });
    await instance.exit;
    expect(JSON.parse(instance.lines[0] ?? '[]')).toEqual(expectedCalls[program]);
    expect(JSON.parse(result.tail)).toEqual(expectedCalls[program]);
  },
);

const expectedCalls: Record<string, unknown> = {
  'calls-platform.cjs': [
    echo('api', 'GET /base/key/carts?where=a%3D1'),
    echo('auth', 'POST /oauth/token', 'grant_type=client_credentials', 'Basic abc'),
    echo('api', 'GET /base/key'),
    echo('api', 'POST /base/key', 'text'),
  ],
  'calls-platform.mjs': [
    echo('api', 'GET /base/key?limit=1'),
    echo('auth', 'PUT /oauth/token', 'text', 'Bearer abc'),
    echo('api', 'PUT /base/key', 'text', 'Bearer abc'),
    // A client that opens its own connections: the base's path is not added.
    echo('api', 'PUT /key', 'text', 'Bearer abc'),
  ],
};

function echo(server: string, call: string, body = '', authorization = '') {
  return { server, call, body, authorization };
}

/** Answers each request with what it was. */
async function startEcho(name: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { method, url, headers } = request;
    response.end(JSON.stringify(echo(name, `${method} ${url}`, body, headers.authorization)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
}

async function openNew(): Promise<Runtime> {
  return openProcessRuntime({ directory: await makeTempFolder() });
}

/** A process that owns a runtime and can be killed. What it leaves behind ends with the test, whatever the test does. */
function startBerth(directory: string): StartedProgram {
  onTestFinished(async () => {
    const runtime = await openProcessRuntime({ directory });
    const left = await runtime.observe();
    await Promise.all(left.map(({ id }) => runtime.stop(id, 0)));
  });
  return startProgram(new URL('../../fixtures/programs/opens-runtime.ts', import.meta.url), [
    directory,
    programs,
  ]);
}

async function waitFor(lines: readonly string[], ...wanted: readonly string[]): Promise<void> {
  await expect.poll(() => lines, { timeout: 60_000 }).toEqual(expect.arrayContaining([...wanted]));
}
