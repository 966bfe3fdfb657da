import type { RunPolicies } from '../../core/job-run.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Callee } from '../connections/callee.ts';
import { Heap } from './heap.ts';
import { isReboot, lastRun, type NextRun, parseSchedule } from './next-run.ts';

export interface JobKey {
  readonly deploymentId: string;
  readonly applicationName: string;
}

export interface JobSchedule extends Callee, RunPolicies {
  readonly schedule: string;
  readonly endpoint: string;
  /** When its release was made, ms: the tick of `@reboot`, which is due once for each. */
  readonly deployedAt?: number;
}

/** It runs, or does as soon as it is called. */
export function canRun({ instances, sleeps }: JobSchedule): boolean {
  return sleeps || instances.length > 0;
}

export interface Tick {
  readonly job: JobSchedule;
  readonly tickAt: number;
  readonly trigger: 'schedule' | 'missed-schedule';
}

/** A tick that is noticed later than that is a missed one. It is time enough to start again, and for a busy machine. */
export const onTimeMs = 60_000;

/** Which job is due when. */
export interface Timetable {
  apply(list: readonly JobSchedule[]): void;
  find(key: JobKey): JobSchedule | undefined;
  /** The earliest of all. */
  nextAt(): number | undefined;
  /** What is due now. Of ticks that have passed meanwhile each job runs the last one at most. */
  takeDue(): readonly Tick[];
}

const mostParsed = 10_000;

interface Entry {
  job: JobSchedule;
  readonly next: NextRun;
  /** Its next tick. */
  at: number;
  /** The last tick that it missed and makes up for, once something of it runs. */
  owed?: number | undefined;
}

interface TimetableDeps {
  readonly clock: Clock;
  readonly logger: Logger | undefined;
}

export function createTimetable({ clock, logger }: TimetableDeps): Timetable {
  let applied: readonly JobSchedule[] | undefined;
  let entries = new Map<string, Entry>();
  let upcoming = new Heap<Entry>(isEarlier);
  /** The time of the last look; absent before the first list. */
  let lookedAt: number | undefined;

  /** To read a schedule is dear, and many jobs have the same. */
  const parsed = new Map<string, NextRun>();
  const parse = (job: JobSchedule): NextRun => {
    const known = parsed.get(job.schedule);
    if (known !== undefined) return known;
    const read = parseOrComplain(job, logger);
    if (read === undefined) return () => undefined;
    if (parsed.size >= mostParsed) parsed.clear();
    const next = rememberLast(read);
    parsed.set(job.schedule, next);
    return next;
  };
  /** What is new at the first list ran before, by another process. */
  const newEntry = (job: JobSchedule, now: number): Entry => {
    const since = lookedAt === undefined ? (job.deployedAt ?? now) : now;
    return beginAt({ job, next: parse(job), at: 0 }, since, now);
  };
  const keepOrMake = (job: JobSchedule, now: number): Entry => {
    const known = entries.get(keyOf(job));
    if (known === undefined || !isSameSchedule(known.job, job)) return newEntry(job, now);
    return Object.assign(known, { job });
  };
  const queueAll = (): void => {
    upcoming = new Heap(isEarlier);
    for (const entry of entries.values()) if (isComing(entry)) upcoming.add(entry);
  };
  /** A clock that was set back: what lies ahead of it comes sooner than it was reckoned. What has run is known to the store. */
  const followClockBack = (now: number): void => {
    if (lookedAt === undefined || now >= lookedAt) return;
    for (const entry of entries.values())
      if (!isReboot(entry.job.schedule)) beginAt(entry, now - onTimeMs - 1, now);
    queueAll();
  };

  return {
    apply(list) {
      const now = clock.now();
      followClockBack(now);
      if (list !== applied) {
        entries = new Map(list.map((job) => [keyOf(job), keepOrMake(job, now)]));
        queueAll();
      }
      applied = list;
      lookedAt = now;
    },
    find: (key) => entries.get(keyOf(key))?.job,
    nextAt() {
      const first = upcoming.first();
      return first && dueAt(first);
    },
    takeDue() {
      const now = clock.now();
      followClockBack(now);
      lookedAt = now;
      const due: Tick[] = [];
      for (let entry = upcoming.first(); entry !== undefined; entry = upcoming.first()) {
        if (dueAt(entry) > now) break;
        upcoming.take();
        due.push(...passTo(now, entry));
        if (isComing(entry)) upcoming.add(entry);
      }
      return due;
    },
  };
}

/** Goes to its first tick behind a time: one that has passed and is not too late, or the next one. */
function beginAt(entry: Entry, since: number, now: number): Entry {
  const { job, next } = entry;
  if (isReboot(job.schedule)) return Object.assign(entry, { at: job.deployedAt ?? now });
  const makesUp = job.missedRuns === 'once';
  const last = lastRun(next, makesUp ? since : Math.max(since, now - onTimeMs - 1), now);
  const isOnTime = last !== undefined && now - last <= onTimeMs;
  const at = isOnTime ? last : timeOf(next(new Date(now)));
  return Object.assign(entry, { at, owed: isOnTime || !makesUp ? undefined : last });
}

/** What is due of an entry whose time has come, which goes on to its next one. */
function passTo(now: number, entry: Entry): readonly Tick[] {
  const { job, owed } = entry;
  if (entry.at > now) {
    entry.owed = undefined;
    return owed === undefined ? [] : [{ job, tickAt: owed, trigger: 'missed-schedule' }];
  }
  const last = goOn(now, entry);
  const isOnTime = isReboot(job.schedule) || now - last <= onTimeMs;
  entry.owed = isOnTime || job.missedRuns !== 'once' ? undefined : last;
  return isOnTime ? [{ job, tickAt: last, trigger: 'schedule' }] : [];
}

/** @returns the last of the ticks that have passed. Mostly there was one, and then this costs one look at the schedule. */
function goOn(now: number, entry: Entry): number {
  const { job, next, at: first } = entry;
  entry.at = isReboot(job.schedule) ? Number.POSITIVE_INFINITY : timeOf(next(new Date(first)));
  if (entry.at > now) return first;
  entry.at = timeOf(next(new Date(now)));
  return lastRun(next, first, now) ?? first;
}

/** Those with the same schedule ask for the same, one after another. */
function rememberLast(next: NextRun): NextRun {
  let last: { readonly after: number; readonly found: Date | undefined } | undefined;
  return (after) => {
    if (last?.after !== after.getTime()) last = { after: after.getTime(), found: next(after) };
    return last.found;
  };
}

/** A schedule that cannot be read is never due, and is complained of once. */
function parseOrComplain(job: JobSchedule, logger: Logger | undefined): NextRun | undefined {
  try {
    return parseSchedule(job.schedule);
  } catch (error) {
    const { deploymentId, applicationName } = job;
    logger?.error({ deploymentId, applicationName, error }, 'a schedule cannot be read');
    return undefined;
  }
}

function timeOf(date: Date | undefined): number {
  return date === undefined ? Number.POSITIVE_INFINITY : date.getTime();
}

/** A release that has just been made may not run yet; its `@reboot` waits until it does. */
function isComing(entry: Entry): boolean {
  if (dueAt(entry) === Number.POSITIVE_INFINITY) return false;
  return !isReboot(entry.job.schedule) || canRun(entry.job);
}

function dueAt({ job, at, owed }: Entry): number {
  return owed === undefined || !canRun(job) ? at : owed;
}

function isSameSchedule(one: JobSchedule, other: JobSchedule): boolean {
  if (one.schedule !== other.schedule) return false;
  return !isReboot(one.schedule) || one.deployedAt === other.deployedAt;
}

function isEarlier(one: Entry, other: Entry): boolean {
  return dueAt(one) < dueAt(other);
}

function keyOf({ deploymentId, applicationName }: JobKey): string {
  return `${deploymentId}/${applicationName}`;
}
