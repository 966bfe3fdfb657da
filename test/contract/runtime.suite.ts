import { describe, expect, test } from 'vitest';
import { RuntimeFailure } from '../../src/core/failure.ts';
import type { LocalAddress } from '../../src/core/local-address.ts';
import type { Runtime } from '../../src/ports/runtime.ts';
import {
  programs,
  readAnswer,
  runCommand,
  startInstance,
  whichRun as whichRunHere,
} from '../support/instance.ts';

const startShell = (command: string) => ({ kind: 'shell' as const, command });
const startNode = (...args: readonly string[]) => ({
  ...{ kind: 'exec' as const, file: process.execPath },
  ...{ args, environment: {} },
});

/** What every runtime promises. `open` makes one that runs nothing yet. */
export function describeRuntime(
  name: string,
  open: () => Promise<Runtime>,
  /** Which of the processes that programs told of still run; where they know other numbers, somebody else has to look. */
  whichRun: (pids: readonly number[]) => Promise<readonly number[]> = whichRunHere,
): void {
  describe(`${name} as a runtime`, () => {
    describe('an instance', () => {
      test('answers at its address', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'http-8080.cjs');
        expect(await instance.ask('/a?b=1')).toMatchObject({ path: '/a?b=1' });
      });

      test('listens on 8080 beside others that do the same', async () => {
        await using runtime = await open();
        const [one, two, three] = await Promise.all([
          startInstance(runtime, 'http-8080.cjs', { id: 'one', environment: { NAME: 'one' } }),
          startInstance(runtime, 'http-8080.mjs', { id: 'two', environment: { NAME: 'two' } }),
          startInstance(runtime, 'listens-on-env-port.cjs', {
            id: 'three',
            environment: { PORT: '8080' },
          }),
        ]);
        expect(await one.ask()).toMatchObject({ name: 'one' });
        expect(await two.ask()).toMatchObject({ name: 'two' });
        expect(await three.ask()).toEqual({});
        await expect.poll(() => one.lines).toEqual(['listening on 8080']);
      });

      test('reaches itself under localhost:8080', async () => {
        await using runtime = await open();
        const environment = { NAME: 'me' };
        const instance = await startInstance(runtime, 'self-caller.mjs', { environment });
        const answers = Object.values(Object(await instance.ask()));
        expect(answers).toEqual(answers.map(() => 'pong of me'));
        expect(answers).toHaveLength(6);
      });

      test('gets exactly its environment, byte by byte', async () => {
        await using runtime = await open();
        const environment = {
          PORT: '8080',
          JSON: '{"a":["\\"ü\\"",1]}',
          SHELL_LIKE: `$HOME \`id\` $(id) "double" 'single' \\ ; & | #`,
          LINES: 'one\ntwo\r\n\tthree\n',
          EMPTY: '',
          EQUALS: '=a=b=',
          NODE_OPTIONS: '--no-warnings',
          'odd-Name.1': 'x',
          // What is not to be taken for a name of the programs around the sandbox.
          ...Object.fromEntries(
            ['ip', 'rules', 'ports', 'mount', 'common', 'options', 'at', 'one'].map((name) => [
              name,
              name,
            ]),
          ),
        };
        const instance = await startInstance(runtime, 'prints-environment.cjs', { environment });
        await instance.exit;
        const { PATH, HOME, TMPDIR, PWD, ...rest } = JSON.parse(
          instance.lines[0] ?? '',
        ).environment;
        expect(rest).toEqual(environment);
        // As a shell does, bubblewrap says where it is.
        expect([undefined, programs]).toContain(PWD);
        expect([PATH, HOME, TMPDIR]).not.toContain(undefined);
        expect(HOME).not.toBe(process.env['HOME']);
      });

      test('runs its own command line in a shell', async () => {
        await using runtime = await open();
        const command = `echo "$GREETING" && node http-8080.cjs`;
        const instance = await startInstance(runtime, 'shell', {
          start: { kind: 'shell', command },
          environment: { GREETING: 'hello', NAME: 'shell' },
        });
        expect(await instance.ask()).toMatchObject({ name: 'shell' });
        expect(instance.lines[0]).toBe('hello');
      });

      test.for([
        { name: 'a command line', start: startShell(`echo "{\\"at\\":$(date +%s%3N)}"`) },
        { name: 'Node', start: startNode('begins.cjs') },
        {
          name: 'Node with a preload of its own',
          start: startNode('--require', './begins.cjs', 'exits-at-once.cjs'),
        },
      ])('begins nothing before it may: $name', async ({ start }) => {
        await using runtime = await open();
        const leave = Promise.withResolvers<void>();
        const waiting = startInstance(runtime, 'first', { start, mayBegin: () => leave.promise });
        // Another one, which is started later, comes and goes.
        await (await startInstance(runtime, 'second', { start })).exit;
        const givenAt = Date.now();
        leave.resolve();
        const instance = await waiting;
        await instance.exit;
        expect(JSON.parse(instance.lines[0] ?? '').at).toBeGreaterThanOrEqual(givenAt);
      });

      test('leaves no trace of how it was let begin, in it or in its children', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'begins.cjs', {
          environment: { NAME: 'kept' },
          mayBegin: () => Promise.resolve(),
        });
        await instance.exit;
        const { seen, seenByChild, given } = JSON.parse(instance.lines[0] ?? '');
        expect(seen).toEqual([null, 'kept', []]);
        expect(seenByChild).toEqual([null, 'kept', ['-e', expect.any(String)]]);
        expect(given).toEqual([]);
      });

      test('starts worker threads as anywhere, however it was let begin', async () => {
        await using runtime = await open();
        const mayBegin = () => Promise.resolve();
        const instance = await startInstance(runtime, 'starts-worker.cjs', { mayBegin });
        expect(await instance.exit).toMatchObject({ code: 0, signal: null });
        const read = Array.from({ length: 8 }, () => true);
        expect(JSON.parse(instance.lines[0] ?? '')).toEqual({ directory: programs, read });
      });

      test.for([
        { name: 'a command line', start: startShell('echo begun') },
        { name: 'Node', start: startNode('begins.cjs') },
      ])('never begins what may not, and says why: $name', async ({ start }) => {
        await using runtime = await open();
        const leave = Promise.withResolvers<void>();
        let printed = 0;
        const refused = startInstance(runtime, 'refused', {
          ...{ start, mayBegin: () => leave.promise },
          room() {
            printed += 1;
            return undefined;
          },
        });
        await (await startInstance(runtime, 'another', { start: startShell('true') })).exit;
        leave.reject(new Error('one of its files has changed'));
        await expect(refused).rejects.toThrow('one of its files has changed');
        expect(await runtime.observe()).toEqual([]);
        expect(printed).toBe(0);
        // Its place is free again.
        const allowed = await startInstance(runtime, 'refused', {
          start,
          mayBegin: () => Promise.resolve(),
        });
        await allowed.exit;
        expect(allowed.lines[0]).toMatch(/^begun$|^{"at":/);
      });

      test('adds the variables of its start command', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'exec', {
          environment: { NAME: 'configuration', OTHER: 'kept' },
          start: {
            kind: 'exec',
            file: process.execPath,
            args: ['prints-environment.cjs'],
            environment: { NAME: 'start line' },
          },
        });
        await instance.exit;
        const { environment } = JSON.parse(instance.lines[0] ?? '');
        expect(environment).toMatchObject({ NAME: 'start line', OTHER: 'kept' });
      });

      test('tells when and how it ended, once, after its last line', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'exits-at-once.cjs');
        expect(await instance.exit).toEqual({ code: 3, signal: null, otherPorts: [] });
        expect(instance.lines).toHaveLength(2);
        expect(instance.stderr).toEqual(['CTP_PROJECT_KEY is missing']);
        await runtime.stop(instance.id, 0);
        expect(instance.exits).toHaveLength(1);
      });

      test('tells of the ports it opened instead of its own', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'never-listens.cjs');
        await expect.poll(() => instance.lines[0]).toMatch(/^ports /);
        const ports = (instance.lines[0] ?? '').split(' ').slice(1).map(Number);
        await expect.poll(() => instance.otherPorts().toSorted()).toEqual(ports.toSorted());
        await runtime.stop(instance.id, 1000);
        expect((await instance.exit).otherPorts.toSorted()).toEqual(ports.toSorted());
      });

      test('has ended when a request kills it, and can be started again', async () => {
        await using runtime = await open();
        const first = await startInstance(runtime, 'crash-on-request.cjs');
        await expect.poll(() => touch(first.address)).toBe('crashed');
        expect((await first.exit).code).toBe(1);
        expect(first.stderr.join('\n')).toContain('TypeError: bad body');
        const second = await startInstance(runtime, 'crash-on-request.cjs');
        expect(second.pid).not.toBe(first.pid);
      });

      test('loses no line, whole or not', async () => {
        await using runtime = await open();
        const [partial, noisy] = await Promise.all([
          startInstance(runtime, 'prints-partial-lines.cjs'),
          startInstance(runtime, 'noisy.cjs'),
        ]);
        await Promise.all([partial.exit, noisy.exit]);
        expect(partial.lines).toEqual(['Grüße ☃', 'second', 'no line end']);
        expect(noisy.lines).toHaveLength(50_000);
        expect(noisy.lines.at(-1)).toMatch(/^49999 x{99}$/);
      });

      test('prints a line of any length in pieces', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'prints-long-line.cjs');
        await instance.exit;
        expect(instance.lines.at(-1)).toBe('next');
        expect(instance.lines.slice(0, -1).join('')).toBe('ä'.repeat(300_000));
        const sizes = instance.lines.map((line) => Buffer.byteLength(line));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
      });

      test('that prints more than is taken waits in its write, while others go on, and nothing is lost', async () => {
        await using runtime = await open();
        const { promise: room, resolve: takeMore } = Promise.withResolvers<void>();
        const noisy = await startInstance(runtime, 'noisy.cjs', { room: () => room });
        await expect.poll(() => noisy.lines.length).toBeGreaterThan(0);
        const other = await startInstance(runtime, 'prints-partial-lines.cjs');
        await other.exit;
        expect(noisy.exits).toEqual([]);
        expect(noisy.lines.length).toBeLessThan(5000);
        takeMore();
        await noisy.exit;
        expect(noisy.lines).toHaveLength(50_000);
        expect(noisy.lines.at(-1)).toMatch(/^49999 x{99}$/);
      });

      test('that has ended is read to its end, whether there is room or not', async () => {
        await using runtime = await open();
        const never = new Promise<void>(() => {});
        const instance = await startInstance(runtime, 'prints-partial-lines.cjs', {
          room: () => never,
        });
        await instance.exit;
        expect(instance.lines).toEqual(['Grüße ☃', 'second', 'no line end']);
      });

      test('that cannot be spawned is refused with a reason', async () => {
        await using runtime = await open();
        const missing = startInstance(runtime, 'http-8080.cjs', { directory: '/does/not/exist' });
        await expect(missing).rejects.toThrow(RuntimeFailure);
        expect(await runtime.observe()).toEqual([]);
      });

      test('whose configuration no process can hold is refused without telling the value', async () => {
        await using runtime = await open();
        const environment = { TOKEN: 'secret\0value' };
        const refused = startInstance(runtime, 'http-8080.cjs', { environment });
        await expect(refused).rejects.toThrow(/"TOKEN"/);
        await expect(refused).rejects.not.toThrow(/secret/);
      });

      test('runs once under its id', async () => {
        await using runtime = await open();
        await startInstance(runtime, 'http-8080.cjs');
        await expect(startInstance(runtime, 'http-8080.cjs')).rejects.toThrow(/runs already/);
        expect(await runtime.observe()).toHaveLength(1);
      });
    });

    describe('stop', () => {
      test('ends an instance, which is then no longer observed', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'http-8080.cjs');
        await instance.ask();
        expect(await runtime.observe()).toEqual([
          { id: instance.id, pid: instance.pid, owned: true },
        ]);
        await runtime.stop(instance.id, 5000);
        expect(instance.exits).toHaveLength(1);
        expect(await runtime.observe()).toEqual([]);
        expect(await touch(instance.address)).toBe('refused');
      });

      test('leaves its address to nobody', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'http-8080.cjs', { id: 'one' });
        await instance.ask();
        await runtime.stop(instance.id, 1000);
        for (const id of ['two', 'three']) {
          const next = await startInstance(runtime, 'http-8080.cjs', { id });
          await next.ask();
        }
        expect(await touch(instance.address)).toBe('refused');
      });

      test('is fine with an id that nobody has', async () => {
        await using runtime = await open();
        await runtime.stop('nobody', 1000);
        await runtime.stop('../nobody', 1000);
      });

      test('asks first, and kills the whole tree when its time is over', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'ignores-sigterm.cjs');
        await expect.poll(() => instance.lines[0]).toMatch(/^pids /);
        const pids = (instance.lines[0] ?? '').split(' ').slice(1).map(Number);
        await runtime.stop(instance.id, 300);
        expect(await whichRun(pids)).toEqual([]);
        expect(instance.lines.slice(1).toSorted()).toEqual([
          'child ignores SIGTERM',
          'parent ignores SIGTERM',
        ]);
        expect(await instance.exit).toMatchObject({ code: null, signal: 'SIGKILL' });
      });

      test('may be asked for twice at once', async () => {
        await using runtime = await open();
        const instance = await startInstance(runtime, 'ignores-sigterm.cjs');
        await expect.poll(() => instance.lines[0]).toMatch(/^pids /);
        await Promise.all([runtime.stop(instance.id, 60_000), runtime.stop(instance.id, 100)]);
        expect(instance.exits).toHaveLength(1);
      });

      test('is what dispose does to everything', async () => {
        const runtime = await open();
        const [one, two] = await Promise.all([
          startInstance(runtime, 'http-8080.cjs'),
          startInstance(runtime, 'http-8080.mjs'),
        ]);
        const command = runCommand(runtime, 'exec sleep 60');
        await expect.poll(() => runtime.observe()).toHaveLength(3);
        await runtime[Symbol.asyncDispose]();
        expect([one.exits, two.exits].map((exits) => exits.length)).toEqual([1, 1]);
        expect((await command).outcome).toBe('aborted');
        await expect(startInstance(runtime, 'http-8080.cjs')).rejects.toThrow(RuntimeFailure);
      });
    });

    describe('runOnce', () => {
      test('runs a command line to its end', async () => {
        await using runtime = await open();
        const output: string[] = [];
        const result = await runCommand(
          runtime,
          'echo "$NAME" | tr a-z A-Z && printf "%s" "no end" >&2',
          {
            environment: { NAME: 'script' },
            onOutput: (stream, line) => output.push(`${stream} ${line}`),
          },
        );
        expect(result).toMatchObject({ outcome: 'success', exitCode: 0, signal: null });
        expect(result.durationMs).toBeGreaterThan(0);
        expect(output.toSorted()).toEqual(['stderr no end', 'stdout SCRIPT']);
        expect(result.tail.split('\n').toSorted()).toEqual(['SCRIPT', 'no end']);
      });

      test('gives it a home of its own and nothing of ours', async () => {
        await using runtime = await open();
        const result = await runCommand(runtime, 'node prints-environment.cjs', {
          environment: { KEY: 'a "b" $c\n' },
        });
        const { environment } = JSON.parse(result.tail);
        const { PATH, HOME, TMPDIR, PWD, ...rest } = environment;
        expect(rest).toEqual({ KEY: 'a "b" $c\n' });
        expect(HOME).not.toBe(process.env['HOME']);
        expect([PATH, TMPDIR]).not.toContain(undefined);
      });

      test('reports a failure with its exit code and last lines, without colours', async () => {
        await using runtime = await open();
        const result = await runCommand(
          runtime,
          `i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "line $i"; done; printf '\\033[31mPost-deploy failed\\033[0m' >&2; exit 7`,
        );
        expect(result).toMatchObject({ outcome: 'failed', exitCode: 7 });
        expect(result.tail).toContain('Post-deploy failed');
        expect(result.tail).toContain('line 2000');
        expect(result.tail).not.toContain('\x1b');
        expect(Buffer.byteLength(result.tail)).toBeLessThanOrEqual(8 * 1024);
      });

      test('ends a command that takes too long, with all it started', async () => {
        await using runtime = await open();
        const result = await runCommand(runtime, 'sleep 60 & echo "pid $!"; sleep 60', {
          timeoutMs: 200,
        });
        expect(result).toMatchObject({ outcome: 'timed-out', exitCode: null, signal: 'SIGTERM' });
        expect(await whichRun([Number(result.tail.split(' ')[1])])).toEqual([]);
        expect(await runtime.observe()).toEqual([]);
      });

      test('ends a command that is aborted', async () => {
        await using runtime = await open();
        const controller = new AbortController();
        const result = await runCommand(runtime, 'echo started; exec sleep 60', {
          signal: controller.signal,
          onOutput: () => controller.abort(),
        });
        expect(result).toMatchObject({ outcome: 'aborted', tail: 'started' });
      });

      test('starts nothing for a signal that is aborted already', async () => {
        await using runtime = await open();
        const result = await runCommand(runtime, 'echo started', { signal: AbortSignal.abort() });
        expect(result).toMatchObject({ outcome: 'aborted', tail: '', exitCode: null });
      });

      test('tells a signal that ended the command', async () => {
        await using runtime = await open();
        const result = await runCommand(runtime, 'kill -9 $$');
        expect(result).toMatchObject({ outcome: 'failed', exitCode: null, signal: 'SIGKILL' });
      });

      test('is observed while it runs', async () => {
        await using runtime = await open();
        const controller = new AbortController();
        const result = runCommand(runtime, 'exec sleep 60', { signal: controller.signal });
        await expect.poll(() => runtime.observe()).toHaveLength(1);
        expect((await runtime.observe())[0]?.id).toMatch(/^command-/);
        controller.abort();
        await result;
        expect(await runtime.observe()).toEqual([]);
      });
    });
  });
}

async function touch(address: LocalAddress): Promise<'answered' | 'refused' | 'crashed'> {
  try {
    await readAnswer(address);
    return 'answered';
  } catch (error) {
    const { code } = Object(error);
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'refused' : 'crashed';
  }
}
