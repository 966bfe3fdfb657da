import { setTimeout as pause } from 'node:timers/promises';
import type { GroupLeader } from '../../sandbox/sandbox.ts';
import { readLines } from './lines.ts';

/** Gets whole lines; a promise keeps it from reading more of the stream. */
export type OnLines = (stream: 'stdout' | 'stderr', lines: string) => Promise<void> | undefined;

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
  /** Reads the last output whether there is room for it or not. Not for ever: a process that left the group may hold the pipe open. */
  drain(atMostMs: number): Promise<void>;
}

export function followChild(leader: GroupLeader, onLines: OnLines): Child {
  const { pid, stdout, stderr } = leader;
  const readers = [
    readLines(stdout, (lines) => onLines('stdout', lines)),
    readLines(stderr, (lines) => onLines('stderr', lines)),
  ];
  const output = Promise.all(readers.map(({ ended }) => ended));
  const hasExited = () => leader.exitCode !== null || leader.signalCode !== null;
  const ended = Promise.withResolvers<void>();
  if (hasExited()) ended.resolve();
  else leader.once('exit', () => ended.resolve());
  return {
    pid,
    hasExited,
    exit: ended.promise.then(() => ({ code: leader.exitCode, signal: leader.signalCode })),
    async drain(atMostMs) {
      for (const reader of readers) reader.hurry();
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
