import { setTimeout as pause } from 'node:timers/promises';
import type { GroupLeader } from '../../sandbox/sandbox.ts';
import { readLines } from './lines.ts';

export type OnLine = (stream: 'stdout' | 'stderr', line: string) => void;

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process at the head of a process group of its own. */
export interface Child {
  readonly pid: number;
  /** When the process itself ended; others of its group may still run. */
  readonly exit: Promise<ProcessExit>;
  hasExited(): boolean;
  /** Waits for the last output, but not for ever: a process that left the group may hold the pipe open. */
  drain(atMostMs: number): Promise<void>;
}

export function followChild(leader: GroupLeader, onLine: OnLine): Child {
  const { pid, stdout, stderr } = leader;
  const output = Promise.all([
    readLines(stdout, (line) => onLine('stdout', line)),
    readLines(stderr, (line) => onLine('stderr', line)),
  ]);
  const hasExited = () => leader.exitCode !== null || leader.signalCode !== null;
  const ended = Promise.withResolvers<void>();
  if (hasExited()) ended.resolve();
  else leader.once('exit', () => ended.resolve());
  return {
    pid,
    hasExited,
    exit: ended.promise.then(() => ({ code: leader.exitCode, signal: leader.signalCode })),
    async drain(atMostMs) {
      const timer = new AbortController();
      await Promise.race([
        output,
        pause(atMostMs, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
      for (const stream of [stdout, stderr]) stream.destroy();
      await output;
    },
  };
}
