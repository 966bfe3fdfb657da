import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openProcessRuntime } from '../../../src/drivers/runtime/process/process-runtime.ts';
import { procTable } from '../../../src/drivers/runtime/process/process-table.ts';
import { runFolder } from '../../../src/drivers/runtime/process/run-folder.ts';
import type { SandboxOptions } from '../../../src/drivers/sandbox/open-sandbox.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';
import { describeRuntime } from '../../contract/runtime.suite.ts';
import { startHostServices } from '../../support/host-services.ts';
import {
  nodeFolder,
  programs,
  runCommand,
  startInstance,
  whichRun,
} from '../../support/instance.ts';
import { type FoundProcess, processesOf } from '../../support/leftovers.ts';
import { startProgram } from '../../support/program.ts';
import { openTestSandbox, whatSeparates } from '../../support/sandbox.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const separates = await whatSeparates();

describe.runIf(separates.files)('with a sandbox and the machine’s network', () => {
  describeConfined('shared');
});

describe.runIf(separates.network)('with a sandbox and a network that was made before', () => {
  describeConfined('private', 2);

  test('an instance goes where one waits, and another is made in its place', async () => {
    const folder = await makeTempFolder();
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 }, folder);
    const waiting = await waysOutIn(folder);
    const instance = await startInstance(runtime, 'http-8080.cjs');
    await instance.ask();
    expect(await waysOutOf(instance.pid)).toEqual(waiting);
    await expect.poll(() => waysOutIn(folder)).toHaveLength(2);
    await runtime.stop(instance.id, 1000);
    await expect.poll(() => waysOutIn(folder)).toHaveLength(1);
  });

  test('where what waits has ended, an instance makes its own', async () => {
    const folder = await makeTempFolder();
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 }, folder);
    for (const pid of await waysOutIn(folder)) process.kill(pid, 'SIGKILL');
    await expect.poll(() => waysOutIn(folder)).toEqual([]);
    const instance = await startInstance(runtime, 'http-8080.cjs');
    await instance.ask();
    expect(await waysOutOf(instance.pid)).toHaveLength(1);
  });

  test('Node starts while it may not begin yet, and waits itself', async () => {
    const folder = await makeTempFolder();
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 }, folder);
    const leave = Promise.withResolvers<void>();
    const waiting = startInstance(runtime, 'begins.cjs', { mayBegin: () => leave.promise });
    const isNode = ({ command }: FoundProcess) =>
      command.startsWith(`${process.execPath} `) && command.includes('begins.cjs');
    await expect
      .poll(async () => (await processesOf(join(folder, 'run'))).filter(isNode))
      .toHaveLength(1);
    const givenAt = Date.now();
    leave.resolve();
    const instance = await waiting;
    await instance.exit;
    expect(JSON.parse(instance.lines[0] ?? '').at).toBeGreaterThanOrEqual(givenAt);
  });

  test('what lies where Node is to run takes no part before it may', async () => {
    const [folder, application] = await Promise.all([makeTempFolder(), makeTempFolder()]);
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 }, folder);
    const id = 'hijacked';
    const preload = join(runFolder(join(folder, 'run')).workOf(id), 'preload');
    const exports = { './main.cjs': './other.cjs', './leave.cjs': './other.cjs' };
    await writeFile(join(application, 'package.json'), JSON.stringify({ name: preload, exports }));
    await writeFile(join(application, 'other.cjs'), 'console.log("before");');
    const script = 'console.log(process.cwd(), process.env.PWD, process.argv[1])';
    await writeFile(join(application, 'server.js'), script);
    await chmod(application, 0o755);
    const instance = await startInstance(runtime, id, {
      directory: application,
      start: { kind: 'exec', file: process.execPath, args: ['server.js'], environment: {} },
      mayBegin: () => Promise.resolve(),
    });
    await instance.exit;
    const seen = [application, application, join(application, 'server.js')];
    expect(instance.lines).toEqual([seen.join(' ')]);
  });

  test('Berth keeps nothing open of what it has not let begin', async () => {
    const folder = await makeTempFolder();
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 }, folder);
    const refuse = async (id: string) => {
      await expect.poll(() => waysOutIn(folder)).toHaveLength(1);
      const mayBegin = () => Promise.reject(new Error('one of its files has changed'));
      await expect(startInstance(runtime, id, { mayBegin })).rejects.toThrow('has changed');
    };
    await refuse('first');
    await expect.poll(() => waysOutIn(folder)).toHaveLength(1);
    const open = await openDescriptors();
    for (const id of ['second', 'third', 'fourth']) await refuse(id);
    await expect.poll(openDescriptors).toBeLessThanOrEqual(open);
  });

  test('what waits for leave never begins when Berth is killed, and the next one ends it', async () => {
    const folder = await makeTempFolder();
    const program = new URL('../../fixtures/programs/waits-for-leave.ts', import.meta.url);
    await using killed = startProgram(program, [folder, programs, nodeFolder]);
    await expect.poll(() => killed.lines).toContain('opened');
    await expect.poll(() => waysOutIn(folder)).toHaveLength(2);
    onTestFinished(async () => {
      signalAll(
        (await processesOf(folder)).map(({ pid }) => pid),
        'SIGKILL',
      );
    });
    killed.tell('start');
    await expect.poll(() => killed.lines).toEqual(['opened', 'waits', 'waits']);
    await killed.kill();
    // As a system does that ends whatever a service has left.
    signalAll(await waysOutIn(folder), 'SIGTERM');

    await using runtime = await openConfined({ network: 'private' }, folder);
    // Another one, which is started later, comes and goes.
    await (await startInstance(runtime, 'exits-at-once.cjs')).exit;
    const commands = (await processesOf(join(folder, 'run'))).map(({ command }) => command);
    expect(commands.filter((command) => command.startsWith('begun'))).toEqual([]);
    expect(commands.filter((command) => command.includes('renames-itself.cjs'))).not.toEqual([]);
    const left = await runtime.observe();
    expect(left.map(({ id }) => id).toSorted()).toEqual(['node', 'shell']);
    await Promise.all(left.map(({ id }) => runtime.stop(id, 100)));
    expect(await processesOf(join(folder, 'run'))).toEqual([]);
  });

  test('more variables than the sandbox takes at once arrive, too', async () => {
    await using runtime = await openConfined({ network: 'private', spareNetworks: 1 });
    const names = Array.from({ length: 5_000 }, (_, index) => `VARIABLE_${index}`);
    const environment = Object.fromEntries(names.map((name) => [name, 'x']));
    const seen = await runCommand(runtime, 'env | grep -c VARIABLE_', { environment });
    expect(seen).toMatchObject({ outcome: 'success', tail: '5000' });
  });
});

describe.runIf(separates.network)('with a sandbox and a network of its own', () => {
  describeConfined('private');

  test('two instances listen on the same port, and nobody else reaches it', async () => {
    await using runtime = await openConfined({ network: 'private' });
    const start = (id: string) => ({
      id,
      start: {
        kind: 'exec' as const,
        file: process.execPath,
        args: [
          '-e',
          `const { createServer } = require('node:http');
           createServer((_, response) => response.end('"inner"')).listen(9123, '127.0.0.1');
           createServer(async (_, response) => response.end(await (await fetch('http://127.0.0.1:9123')).text())).listen(8080);`,
        ],
        environment: {},
      },
    });
    const instances = await Promise.all(
      ['one', 'other'].map((id) => startInstance(runtime, id, start(id))),
    );
    for (const instance of instances) expect(await instance.ask()).toBe('inner');
    await expect(fetch('http://127.0.0.1:9123')).rejects.toThrow();
  });

  test('the services of the machine are out of reach, but for those that are allowed', async () => {
    await using services = await startHostServices();
    const [closed = 0, open = 0] = Object.values(services.ports);
    await using runtime = await openConfined({
      network: 'private',
      reach: { hostPorts: [{ from: open, to: open }] },
    });
    const reach = async (host: string, port: number) => {
      const script = `require('node:net').connect(${port}, '${host}').once('connect', () => process.exit(0)).once('error', () => process.exit(7))`;
      return (await runCommand(runtime, `node -e "${script}"`)).outcome;
    };
    expect(await reach('127.0.0.1', closed)).toBe('failed');
    expect(await reach('127.0.0.1', open)).toBe('success');
    expect(await reach('localhost', open)).toBe('success');
  });

  test('what leads out of a network ends with the instance, whoever ends it', async () => {
    await using runtime = await openConfined({ network: 'private' });
    const instance = await startInstance(runtime, 'http-8080.cjs');
    await instance.ask();
    const ways = await waysOutOf(instance.pid);
    expect(ways).toHaveLength(1);
    process.kill(-instance.pid, 'SIGKILL');
    await expect.poll(() => whichRun(ways)).toEqual([]);
  });

  test('an instance ends with what leads out of its network, and says so', async () => {
    await using runtime = await openConfined({ network: 'private' });
    const instance = await startInstance(runtime, 'http-8080.cjs');
    await instance.ask();
    for (const pid of await waysOutOf(instance.pid)) process.kill(pid, 'SIGKILL');
    expect((await instance.exit).exceeded).toMatch(/^lost its network/);
  });
});

function describeConfined(network: 'private' | 'shared', spareNetworks = 0): void {
  // Programs know the numbers of their own namespace: the test below looks from outside.
  describeRuntime(
    'the process driver',
    () => openConfined({ network, spareNetworks }),
    async () => [],
  );

  test('nothing of a tree survives a stop, wherever it has gone', async () => {
    const directory = await makeTempFolder();
    await using runtime = await openConfined({ network, spareNetworks }, directory);
    const instance = await startInstance(runtime, 'leaves-group.cjs');
    await expect.poll(() => instance.lines[0]).toMatch(/^child /);
    expect(await procTable.mentioning(join(directory, 'run'))).not.toEqual([]);
    await runtime.stop(instance.id, 1000);
    expect(await procTable.mentioning(join(directory, 'run'))).toEqual([]);
  });

  test('an instance that uses too much memory says so when it ends', async () => {
    await using runtime = await openConfined({ network, spareNetworks });
    const script = 'const all = []; setInterval(() => all.push(Buffer.alloc(3e7, 1)), 1);';
    const instance = await startInstance(runtime, 'hog', {
      limits: { memoryMb: 128, cpus: 1 },
      start: { kind: 'exec', file: process.execPath, args: ['-e', script], environment: {} },
    });
    expect((await instance.exit).exceeded).toBe('used more than 128 MB of memory');
  });

  test.runIf(separates.processors)(
    'an instance gets no more of the processors than it may',
    async () => {
      await using runtime = await openConfined({ network, spareNetworks });
      const spins = `
      const { Worker } = require('node:worker_threads');
      const spin = 'for (;;);';
      for (const _ of [1, 2]) new Worker(spin, { eval: true }).unref();
      const [startedAt, before] = [process.hrtime.bigint(), process.cpuUsage()];
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before);
        console.log((user + system) / (Number(process.hrtime.bigint() - startedAt) / 1000));
        process.exit();
      }, 1500);`;
      const instance = await startInstance(runtime, 'spins', {
        limits: { memoryMb: 128, cpus: 0.2 },
        start: { kind: 'exec', file: process.execPath, args: ['-e', spins], environment: {} },
      });
      await instance.exit;
      // A fifth, and what was left of a tenth of a second.
      expect(Number(instance.lines[0])).toBeLessThan(0.3);
    },
  );

  test('a command that writes too much is ended, and says so', async () => {
    await using runtime = await openConfined({ network, spareNetworks }, undefined, { diskMb: 8 });
    const root = await makeTempFolder();
    await chmod(root, 0o777);
    const write = 'head -c 30000000 /dev/zero > large && sleep 60';
    const result = await runCommand(runtime, write, { directory: root, root });
    expect(result).toMatchObject({ outcome: 'failed', exceeded: 'wrote more than 8 MB' });
  });

  test('variables that would change the programs around the sandbox are set inside', async () => {
    await using runtime = await openConfined({ network, spareNetworks });
    const environment = {
      LD_LIBRARY_PATH: "/it's/there",
      PS4: '$(touch /tmp/x)',
      MALLOC_ARENA_MAX: '2',
    };
    const seen = await runCommand(runtime, 'echo "$LD_LIBRARY_PATH $PS4 $MALLOC_ARENA_MAX"', {
      environment,
    });
    expect(seen).toMatchObject({ outcome: 'success', tail: "/it's/there $(touch /tmp/x) 2" });
  });

  test('a command runs as nobody who owns anything, and sees its own processes only', async () => {
    await using runtime = await openConfined({ network, spareNetworks });
    const seen = await runCommand(
      runtime,
      'id -u; ls /proc | grep -c "^[0-9]*$"; ls /root /home 2>&1',
    );
    const [uid, processes] = seen.tail.split('\n');
    expect(Number(uid)).not.toBe(0);
    expect(Number(processes)).toBeLessThan(10);
  });

  test('a command has no rights, can get none, and no limit can be raised', async () => {
    await using runtime = await openConfined({ network, spareNetworks });
    const seen = await runCommand(runtime, 'cat /proc/self/status /proc/self/limits; id -G');
    for (const rights of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(seen.tail).toMatch(new RegExp(`^${rights}:\\s+0+$`, 'm'));
    expect(seen.tail).toMatch(/^NoNewPrivs:\s+1$/m);
    const [, real, ...others] = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(seen.tail) ?? [];
    expect(new Set(others)).toEqual(new Set([real]));
    expect(seen.tail).toMatch(/^Max open files\s+4096\s+4096\s/m);
    expect(seen.tail).toMatch(/^Max file size\s+67108864\s+67108864\s/m);
    expect(seen.tail).toMatch(/^Max core file size\s+0\s+0\s/m);
    // Only its own group.
    if (process.getuid?.() === 0) expect(seen.tail.split('\n').at(-1)).toBe('59990');
  });
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  }
}

async function openDescriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

/** The processes that lead out of its network. */
async function waysOutOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,args=']);
  // By number where Berth is an ordinary user.
  const into = new RegExp(`slirp4netns .*?(?:/proc/${pid}/ns/net| ${pid}) tap0`);
  const rows = stdout.split('\n').filter((row) => into.test(row));
  return rows.map((row) => Number.parseInt(row, 10));
}

/** Of all networks of a sandbox. */
async function waysOutIn(folder: string): Promise<readonly number[]> {
  const found = await processesOf(join(folder, 'sandbox'));
  return found.filter(({ command }) => command.includes('slirp4netns')).map(({ pid }) => pid);
}

async function openConfined(
  options: Pick<SandboxOptions, 'network' | 'reach' | 'spareNetworks'>,
  given?: string,
  limits: { readonly diskMb?: number } = {},
): Promise<Runtime> {
  const directory = given ?? (await makeTempFolder());
  const sandbox = await openTestSandbox({
    ...options,
    directory: join(directory, 'sandbox'),
    spareQuietMs: 4,
  });
  onTestFinished(() => sandbox[Symbol.asyncDispose]());
  const waysOut = async () => (await waysOutIn(directory)).length;
  await expect.poll(waysOut).toBeGreaterThanOrEqual(options.spareNetworks ?? 0);
  return openProcessRuntime({
    directory: join(directory, 'run'),
    sandbox,
    surroundings: {
      tools: [nodeFolder, process.execPath],
      caches: [],
      hidden: [],
      bounds: { processes: 256, openFiles: 4096, fileMb: 64, scratchMb: 64 },
      commands: { memoryMb: 512, cpus: 2, niceness: 5, ...limits },
    },
  });
}
