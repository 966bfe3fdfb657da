import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PlaneName } from '../../src/compose/run-plane.ts';
import { DiskFull } from '../../src/core/failure.ts';
import type { Reach } from './fault-points.ts';

export const actions = ['kill', 'throw', 'delay', 'disk-full'] as const;

/** Instead of a point: a kill so long (ms) after the request. */
export interface RandomKill {
  readonly plane: PlaneName;
  readonly afterMs: number;
}

/** What goes wrong, once. Kept in a file that the planes read, so that one Berth lives through many. */
export interface Fault {
  readonly plane: PlaneName;
  readonly point: string;
  readonly action: (typeof actions)[number];
}

/** The files with which a test and the planes talk about faults. */
export function faultFiles(folder: string) {
  return {
    /** The fault that is to come. */
    armed: join(folder, 'fault.json'),
    /** The last one that came. */
    fired: join(folder, 'fired.json'),
    /** While it exists every point that is reached is written into it, a line each. */
    reached: join(folder, 'reached.log'),
  };
}

const delayMs = 1_500;

export function reachFaults(folder: string, plane: PlaneName): Reach {
  const files = faultFiles(folder);
  return async (point) => {
    if (existsSync(files.reached)) appendFileSync(files.reached, `${plane}\t${point}\n`);
    const fault = read(files.armed);
    if (fault === undefined || fault.plane !== plane || fault.point !== point) return;
    if (!take(files)) return;
    await happen(fault);
  };
}

function read(file: string): Fault | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Fault;
  } catch {
    // Nothing is to happen.
    return undefined;
  }
}

/** Of two who reach the point at once, one goes on. */
function take({ armed, fired }: ReturnType<typeof faultFiles>): boolean {
  try {
    renameSync(armed, fired);
    return true;
  } catch {
    return false;
  }
}

async function happen({ action, point }: Fault): Promise<void> {
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    case 'throw':
      throw new Error(`A fault of the test, at "${point}"`);
    case 'delay':
      await wait(delayMs);
      return;
    case 'disk-full':
      throw new DiskFull(`The disk is full, says the test, at "${point}".`);
  }
}
