import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { RuntimeFailure } from '../../../core/failure.ts';
import type { Descriptor, Spawned } from '../../sandbox/sandbox.ts';
import { stdioOf } from '../../sandbox/stdio-of.ts';
import { readLines } from './lines.ts';

export type OnLine = (stream: 'stdout' | 'stderr', line: string) => void;

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process at the head of a process group of its own. */
export interface Child extends Spawned {
  /** When the process itself ended; others of its group may still run. */
  readonly exit: Promise<ProcessExit>;
  hasExited(): boolean;
  /** Waits for the last output, but not for ever: a process that left the group may hold the pipe open. */
  drain(atMostMs: number): Promise<void>;
}

export async function spawnGroup(
  command: { readonly file: string; readonly args: readonly string[] },
  options: {
    readonly directory: string;
    readonly environment: Readonly<Record<string, string>>;
    /** From 3 on. */
    readonly descriptors?: readonly Descriptor[];
  },
  onLine: OnLine,
): Promise<Child> {
  const subprocess = execa(command.file, command.args, {
    cwd: options.directory,
    env: options.environment,
    extendEnv: false,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.descriptors ?? []).map(stdioOf)],
    buffer: false,
    reject: false,
  });
  const { pid, stdout, stderr } = subprocess;
  if (pid === undefined) {
    const { code } = await subprocess;
    throw notStarted(command.file, options.directory, code);
  }
  const streams: Readable[] = [stdout, stderr];
  const output = Promise.all([
    readLines(stdout, (line) => onLine('stdout', line)),
    readLines(stderr, (line) => onLine('stderr', line)),
  ]);
  let exited = false;
  const exit = new Promise<ProcessExit>((resolve) => {
    subprocess.nodeChildProcess.once('exit', (code, signal) => {
      exited = true;
      resolve({ code, signal });
    });
  });
  return {
    pid,
    stdio: subprocess.nodeChildProcess.stdio,
    exit,
    hasExited: () => exited,
    async drain(atMostMs) {
      const timer = new AbortController();
      await Promise.race([
        output,
        pause(atMostMs, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
      for (const stream of streams) stream.destroy();
      await output;
    },
  };
}

function notStarted(file: string, directory: string, code: string | undefined): RuntimeFailure {
  return new RuntimeFailure(`Could not start ${file} in ${directory} (${code ?? 'unknown'}).`, {
    nextStep: reasons[code ?? ''] ?? 'Check that both exist and that Berth may use them.',
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'Either the program or the folder does not exist.',
  EACCES: 'Berth may not run that program or not enter that folder.',
  E2BIG: 'The configuration is too large for a process: shorten its longest values.',
  EAGAIN: 'The machine refuses further processes: stop deployments that are not needed.',
  EMFILE: 'Berth has too many files open: raise its limit (ulimit -n).',
};
