import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { findProgram } from '../../src/drivers/sandbox/find-program.ts';

/** What is measured has one processor to itself; whoever asks it, and whom it asks, have the others. */
export interface Processors {
  /** False where `taskset` or a second processor is missing: then all share all. */
  readonly apart: boolean;
  /** A command that runs there and nowhere else. */
  measured(command: readonly string[]): Command;
  others(command: readonly string[]): Command;
  /** Moves a process that runs already, with all its threads. */
  moveToMeasured(pid: number): Promise<void>;
  moveToOthers(pid: number): Promise<void>;
}

export type Command = readonly [file: string, ...args: string[]];

export async function divideProcessors(): Promise<Processors> {
  const taskset = await findProgram('taskset');
  const [first, ...rest] = await allowedProcessors();
  if (taskset === undefined || first === undefined || rest.length === 0) {
    const stay = async (): Promise<void> => {};
    return {
      ...{ apart: false, measured: commandOf, others: commandOf },
      ...{ moveToMeasured: stay, moveToOthers: stay },
    };
  }
  const [one, others] = [String(first), rest.join(',')];
  const move = async (list: string, pid: number): Promise<void> => {
    await execa(taskset, ['--all-tasks', '--cpu-list', '--pid', list, String(pid)]);
  };
  return {
    apart: true,
    measured: (command) => [taskset, '--cpu-list', one, ...command],
    others: (command) => [taskset, '--cpu-list', others, ...command],
    moveToMeasured: (pid) => move(one, pid),
    moveToOthers: (pid) => move(others, pid),
  };
}

function commandOf([file = '', ...args]: readonly string[]): Command {
  return [file, ...args];
}

export function printPlaces({ apart }: Pick<Processors, 'apart'>): string {
  return apart
    ? 'What is measured has one processor to itself, and everything else has the others.'
    : 'All share all processors: `taskset` or a second processor is missing.';
}

async function allowedProcessors(): Promise<readonly number[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  return list.split(',').flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
