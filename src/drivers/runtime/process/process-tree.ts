import { setTimeout as pause } from 'node:timers/promises';
import { RuntimeFailure } from '../../../core/failure.ts';
import type { ProcessTable } from './process-table.ts';
import type { InstanceRecord } from './records.ts';

/** What still runs of a process tree, as `kill` names it: a negative number is a whole group. */
export type Survivors = () => Promise<readonly Survivor[]>;

export interface Survivor {
  readonly target: number;
  /** Who gets SIGTERM, where that is not the whole of it. */
  readonly ask?: readonly number[];
}

/** Of a tree this process started. The main process's own end is known without asking the system. */
export function survivorsOfChild(
  table: ProcessTable,
  child: {
    readonly pid: number;
    readonly work: string;
    /** The main process only waits for the one inside a sandbox and would not survive a SIGTERM. */
    readonly isMonitor: boolean;
    hasExited(): boolean;
  },
): Survivors {
  const { pid, work, isMonitor } = child;
  return async () => {
    if (!child.hasExited()) {
      return [isMonitor ? await confinedGroup(table, pid) : { target: -pid }];
    }
    if (await isGroupAlive(table, pid)) return [{ target: -pid }];
    // The first process of a sandbox belongs to the group, and with it ends all that is in there.
    if (isMonitor) return [];
    return single(await table.mentioning(work));
  };
}

async function confinedGroup(table: ProcessTable, pid: number): Promise<Survivor> {
  const members = await table.membersFrom(pid);
  return { target: -pid, ask: members.filter((member) => member !== pid) };
}

function single(pids: readonly number[]): readonly Survivor[] {
  return pids.map((pid) => ({ target: pid }));
}

/** Of a tree that an earlier Berth started. Its number may by now belong to someone else. */
export function survivorsOfRecord(
  table: ProcessTable,
  record: InstanceRecord,
  work: string,
): Survivors {
  return async () => {
    const mentioning = await table.mentioning(work);
    const { pid, startedAt } = record;
    if (pid === undefined) return single(mentioning);
    const isOurs = await isRecordedGroup(table, pid, startedAt, mentioning);
    return isOurs ? [{ target: -pid }] : single(mentioning);
  };
}

async function isRecordedGroup(
  table: ProcessTable,
  pid: number,
  startedAt: string | undefined,
  mentioning: readonly number[],
): Promise<boolean> {
  const found = await table.startTimeOf(pid);
  if (found !== undefined) return found === startedAt;
  // The leader is gone. Its number is taken for as long as its group has members, which must show whose they are.
  const members = await table.membersOf(pid);
  return members.some((member) => mentioning.includes(member));
}

async function isGroupAlive(table: ProcessTable, pid: number): Promise<boolean> {
  return send(-pid, 0) && (await table.membersOf(pid)).length > 0;
}

/**
 * SIGTERM, then SIGKILL after `graceMs`. Resolves when nothing is left.
 * @throws RuntimeFailure where something outlives SIGKILL by `patienceMs`
 */
export async function endProcessTree(
  survivors: Survivors,
  options: { readonly graceMs: number; readonly patienceMs: number },
): Promise<void> {
  const killAt = Date.now() + options.graceMs;
  const asked = new Set<number>();
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 50)) {
    const left = await survivors();
    if (left.length === 0) return;
    const now = Date.now();
    if (now > killAt + options.patienceMs) throw stillAlive(left.map(({ target }) => target));
    for (const { target, ask = [target] } of left) {
      for (const one of ask) {
        if (!asked.has(one)) send(one, 'SIGTERM');
        asked.add(one);
      }
      if (now >= killAt) send(target, 'SIGKILL');
    }
    await pause(waitMs);
  }
}

function stillAlive(left: readonly number[]): RuntimeFailure {
  const names = left.map((target) => Math.abs(target)).join(', ');
  return new RuntimeFailure(`Process ${names} is still there after SIGKILL.`, {
    nextStep: 'It waits inside the operating system, often for a disk: look at the machine.',
  });
}

/** False where there is nobody to receive it. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    // Gone between look and signal, or not ours to signal: the next look decides.
    return false;
  }
}
