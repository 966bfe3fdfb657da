import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Callee } from '../connections/callee.ts';
import { Heap } from './heap.ts';
import { isReboot, type NextRun, parseSchedule } from './next-run.ts';

export interface JobKey {
  readonly deploymentId: string;
  readonly applicationName: string;
}

export interface JobSchedule extends Callee {
  readonly schedule: string;
  readonly endpoint: string;
  /** When its release was made, ms: the tick of `@reboot`, which is due once for each. */
  readonly deployedAt?: number;
}

export interface Tick {
  readonly job: JobSchedule;
  readonly tickAt: number;
}

/** Which job is due when. */
export interface Timetable {
  apply(list: readonly JobSchedule[]): void;
  find(key: JobKey): JobSchedule | undefined;
  /** The earliest of all. */
  nextAt(): number | undefined;
  /** What is due now, each once: ticks that were slept through are not made up for. */
  takeDue(): readonly Tick[];
}

interface Entry {
  job: JobSchedule;
  readonly next: NextRun;
  at: number;
}

interface TimetableDeps {
  readonly clock: Clock;
  readonly logger: Logger | undefined;
}

export function createTimetable({ clock, logger }: TimetableDeps): Timetable {
  let entries = new Map<string, Entry>();
  let upcoming = new Heap<Entry>(isEarlier);

  const newEntry = (job: JobSchedule): Entry => {
    const next = parse(job, logger);
    return { job, next, at: firstAt(job, next, clock.now()) };
  };
  const keepOrMake = (job: JobSchedule): Entry => {
    const known = entries.get(keyOf(job));
    if (known === undefined || !isSameSchedule(known.job, job)) return newEntry(job);
    return Object.assign(known, { job });
  };

  return {
    apply(list) {
      entries = new Map(list.map((job) => [keyOf(job), keepOrMake(job)]));
      upcoming = new Heap(isEarlier);
      for (const entry of entries.values()) if (isComing(entry)) upcoming.add(entry);
    },
    find: (key) => entries.get(keyOf(key))?.job,
    nextAt: () => upcoming.first()?.at,
    takeDue() {
      const now = clock.now();
      const due: Tick[] = [];
      for (let entry = upcoming.first(); entry !== undefined; entry = upcoming.first()) {
        if (entry.at > now) break;
        upcoming.take();
        due.push({ job: entry.job, tickAt: entry.at });
        entry.at = timeOf(entry.next(new Date(now)));
        if (isComing(entry)) upcoming.add(entry);
      }
      return due;
    },
  };
}

/** A schedule that cannot be read is never due, and is complained of once. */
function parse(job: JobSchedule, logger: Logger | undefined): NextRun {
  try {
    return parseSchedule(job.schedule);
  } catch (error) {
    const { deploymentId, applicationName } = job;
    logger?.error({ deploymentId, applicationName, error }, 'a schedule cannot be read');
    return () => undefined;
  }
}

/** `@reboot` has no place in time, only in the life of a release. */
function firstAt(job: JobSchedule, next: NextRun, now: number): number {
  if (isReboot(job.schedule)) return job.deployedAt ?? now;
  return timeOf(next(new Date(now)));
}

function timeOf(date: Date | undefined): number {
  return date === undefined ? Number.POSITIVE_INFINITY : date.getTime();
}

/** A release that has just been made may not run yet; its `@reboot` waits until it does. */
function isComing({ job, at }: Entry): boolean {
  if (at === Number.POSITIVE_INFINITY) return false;
  return !isReboot(job.schedule) || job.sleeps || job.instances.length > 0;
}

function isSameSchedule(one: JobSchedule, other: JobSchedule): boolean {
  if (one.schedule !== other.schedule) return false;
  return !isReboot(one.schedule) || one.deployedAt === other.deployedAt;
}

function isEarlier(one: Entry, other: Entry): boolean {
  return one.at < other.at;
}

function keyOf({ deploymentId, applicationName }: JobKey): string {
  return `${deploymentId}/${applicationName}`;
}
