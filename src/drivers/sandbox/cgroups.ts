import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Hierarchy } from './cgroup-hierarchies.ts';
import { isRunning, ownMark } from './process-mark.ts';
import type { Limits } from './sandbox.ts';

/** Limits of a whole process tree that the kernel keeps. */
export interface Cgroups {
  readonly controllers: ReadonlySet<string>;
  /** Where none are given: without limits, until it is told some. */
  make(limits?: Limits): Promise<Cgroup>;
  sweep(): Promise<void>;
}

export interface Cgroup {
  /** A process that writes 0 into each of these is in it, with all that it starts. */
  readonly doors: readonly string[];
  /** At most once: some kernels refuse less than the burst that was set before. */
  limit(limits: Limits): void;
  /** Whether the process is in it, for every limit. */
  has(pid: number): Promise<boolean>;
  /** How often the kernel has ended a process of it for want of memory. */
  memoryKills(): Promise<number>;
  /** How often it was refused a further process. */
  refusedProcesses(): Promise<number>;
  /** Once nothing runs in it. */
  remove(): Promise<void>;
}

export function openCgroups(hierarchies: readonly Hierarchy[]): Cgroups {
  let made = 0;
  return {
    controllers: new Set(hierarchies.flatMap(({ controllers }) => controllers)),
    async make(limits) {
      made += 1;
      const name = `berth-${ownMark()}-${made}`;
      const groups = hierarchies.map((hierarchy) => ({
        ...hierarchy,
        path: join(hierarchy.base, name),
      }));
      try {
        for (const { path } of groups) await mkdir(path);
        if (limits !== undefined) for (const group of groups) fill(group, limits);
      } catch (error) {
        await removeAll(groups.map(({ path }) => path));
        throw error;
      }
      return describe(groups);
    },
    async sweep() {
      for (const { base } of hierarchies) await sweepFolder(base);
    },
  };
}

type Group = Hierarchy & { readonly path: string };

/** In calls that block, some microseconds each: every promise for a file waits for its turn in a busy plane. */
function fill({ version, controllers, path }: Group, limits: Limits): void {
  const { required, optional } = version === 2 ? filesOfV2(limits) : filesOfV1(limits);
  const isCounted = ([controller]: LimitFile) => controllers.includes(controller);
  for (const [, name, value] of required.filter(isCounted)) writeFileSync(join(path, name), value);
  for (const [, name, value] of optional.filter(isCounted)) {
    try {
      writeFileSync(join(path, name), value);
    } catch {
      // Not there where the kernel does not count swap, or is older than 5.14.
    }
  }
}

type LimitFile = readonly [controller: string, name: string, value: string];

interface LimitFiles {
  readonly required: readonly LimitFile[];
  readonly optional: readonly LimitFile[];
}

const periodUs = 100_000;
/**
 * What is left of one period is not lost for the next: up to as much again as one may take. Node starts with more threads than one, and
 * without that 8 of 20 starts, ten of them of a larger application, were held up, by 3 to 19 ms.
 */
const burst = quota;

function filesOfV2(limits: Limits): LimitFiles {
  return {
    required: [
      ['memory', 'memory.max', bytes(limits)],
      ['pids', 'pids.max', String(limits.processes)],
      ['cpu', 'cpu.max', `${quota(limits)} ${periodUs}`],
    ],
    optional: [
      ['memory', 'memory.swap.max', '0'],
      ['cpu', 'cpu.max.burst', String(burst(limits))],
    ],
  };
}

function filesOfV1(limits: Limits): LimitFiles {
  return {
    required: [
      ['memory', 'memory.limit_in_bytes', bytes(limits)],
      ['pids', 'pids.max', String(limits.processes)],
      ['cpu', 'cpu.cfs_period_us', String(periodUs)],
      ['cpu', 'cpu.cfs_quota_us', String(quota(limits))],
    ],
    optional: [
      ['memory', 'memory.memsw.limit_in_bytes', bytes(limits)],
      ['cpu', 'cpu.cfs_burst_us', String(burst(limits))],
    ],
  };
}

function bytes({ memoryMb }: Limits): string {
  return String(memoryMb * 1024 ** 2);
}

function quota({ cpus }: Limits): number {
  return Math.round(cpus * periodUs);
}

function describe(groups: readonly Group[]): Cgroup {
  const count = async (controller: string, name: (version: 1 | 2) => string, key: string) => {
    const group = groups.find(({ controllers }) => controllers.includes(controller));
    if (group === undefined) return 0;
    const text = await readFile(join(group.path, name(group.version)), 'utf8').catch(() => '');
    return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const memoryFile = (version: 1 | 2) => (version === 2 ? 'memory.events' : 'memory.oom_control');
  return {
    doors: groups.map(({ path }) => join(path, 'cgroup.procs')),
    async has(pid) {
      const found = groups.map(async ({ path }) => {
        const members = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '');
        return members.split('\n').includes(String(pid));
      });
      return (await Promise.all(found)).every(Boolean);
    },
    limit(limits) {
      for (const group of groups) fill(group, limits);
    },
    memoryKills: () => count('memory', memoryFile, 'oom_kill'),
    refusedProcesses: () => count('pids', () => 'pids.events', 'max'),
    remove: () => removeAll(groups.map(({ path }) => path)),
  };
}

/** The kernel lets go of the dead a moment later. What stays longer is swept by the next Berth. */
async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    for (let attempt = 0; attempt < 10 && !(await remove(path)); attempt += 1) await pause(20);
  }
}

async function remove(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

async function sweepFolder(base: string): Promise<void> {
  const names = await readdir(base).catch(() => []);
  for (const name of names) {
    const [, mark] = /^berth-(\d+-\d+)-\d+$/.exec(name) ?? [];
    if (mark !== undefined && !isRunning(mark)) await remove(join(base, name));
  }
}
