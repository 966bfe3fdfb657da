import { get } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LocalAddress } from '../../src/core/local-address.ts';
import type {
  CommandResult,
  CommandSpec,
  InstanceExit,
  InstanceSpec,
  RunningInstance,
  RunOptions,
  Runtime,
} from '../../src/ports/runtime.ts';

export const programs = fileURLToPath(new URL('../fixtures/programs', import.meta.url));

export interface TestInstance extends RunningInstance {
  /** What it has printed so far on both streams. */
  readonly lines: readonly string[];
  readonly stderr: readonly string[];
  readonly exits: readonly InstanceExit[];
  readonly exit: Promise<InstanceExit>;
  /** Answers the body of a GET, parsed; asks again until there is one. */
  ask(path?: string): Promise<unknown>;
}

/** Starts a program of the fixtures as an instance. */
export async function startInstance(
  runtime: Runtime,
  program: string,
  more: Partial<InstanceSpec> & {
    readonly args?: readonly string[];
    /** What it has printed is taken, and whether more of it is. */
    readonly room?: () => Promise<void> | undefined;
  } = {},
): Promise<TestInstance> {
  const lines: string[] = [];
  const stderr: string[] = [];
  const exits: InstanceExit[] = [];
  const { promise: exit, resolve } = Promise.withResolvers<InstanceExit>();
  const { args = [], room = () => undefined, ...spec } = more;
  const instance = await runtime.start(
    {
      id: program,
      directory: programs,
      start: { kind: 'exec', file: process.execPath, args: [program, ...args], environment: {} },
      node: { executable: process.execPath },
      path: [],
      environment: {},
      limits: { cpus: 1, memoryMb: 256 },
      ...spec,
    },
    {
      output(stream, text) {
        const printed = text.split('\n');
        lines.push(...printed);
        if (stream === 'stderr') stderr.push(...printed);
        return room();
      },
      exited(ended) {
        exits.push(ended);
        resolve(ended);
      },
    },
  );
  const answer = (path = '/') => ask(instance.address, path);
  return { ...instance, lines, stderr, exits, exit, ask: answer };
}

async function ask(address: LocalAddress, path: string): Promise<unknown> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return JSON.parse(await readAnswer(address, path));
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** The body of a GET. Rejects where nobody answers. */
export function readAnswer(address: LocalAddress, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...address, path, agent: false }, (response) =>
      text(response).then(resolve, reject),
    ).once('error', reject);
  });
}

/** Whether somebody listens. */
export function isOpen(address: LocalAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect('socketPath' in address ? { path: address.socketPath } : address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

export function runCommand(
  runtime: Runtime,
  command: string,
  more: Partial<CommandSpec & RunOptions> = {},
): Promise<CommandResult> {
  const { signal, timeoutMs, onOutput, ...spec } = more;
  return runtime.runOnce(
    { directory: programs, command, path: [nodeFolder], environment: {}, ...spec },
    {
      signal: signal ?? new AbortController().signal,
      timeoutMs: timeoutMs ?? 60_000,
      onOutput: onOutput ?? (() => undefined),
    },
  );
}

/** Where the node that runs the tests is. */
export const nodeFolder = fileURLToPath(new URL('.', `file://${process.execPath}`));

/** Which of these processes still do something; zombies do not. */
export async function whichRun(pids: readonly number[]): Promise<readonly number[]> {
  const { stdout } = await execa('ps', ['-o', 'pid=,stat=', '-p', pids.join(',')], {
    reject: false,
  });
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([pid, state = 'Z']) => (state.startsWith('Z') ? [] : [Number(pid)]));
}
