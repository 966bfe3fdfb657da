import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MissedRunPolicy } from '../../src/core/job-run.ts';
import {
  type JobSchedule,
  openJobScheduler,
} from '../../src/data-plane/jobs/open-job-scheduler.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { ControlledTime } from '../support/controlled-time.ts';
import { calling, runningAt, startApplication } from '../support/job-application.ts';
import { deployment } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The leap day of 2028 is in it. */
const start = Date.parse('2027-03-01T00:00:30.000Z');
const end = Date.parse('2028-03-01T00:00:30.000Z');

interface Case {
  readonly schedule: string;
  readonly missedRuns: MissedRunPolicy;
  /** What the documentation says of the schedule, for the minute that begins then. */
  readonly isTick: (at: Date) => boolean;
}

const isTime = (at: Date, hours: number, minutes: number) =>
  at.getUTCHours() === hours && at.getUTCMinutes() === minutes;
const cases: readonly Case[] = [
  {
    schedule: '0 * * * 7',
    missedRuns: 'skip',
    isTick: (at) => at.getUTCDay() === 0 && at.getUTCMinutes() === 0,
  },
  {
    schedule: '30 23 * */12 *',
    missedRuns: 'skip',
    isTick: (at) => at.getUTCMonth() === 0 && isTime(at, 23, 30),
  },
  {
    schedule: '*/40 * * * *',
    missedRuns: 'skip',
    isTick: (at) => [0, 40].includes(at.getUTCMinutes()),
  },
  {
    schedule: '0 0 29 2 *',
    missedRuns: 'skip',
    isTick: (at) => at.getUTCMonth() === 1 && at.getUTCDate() === 29 && isTime(at, 0, 0),
  },
  {
    schedule: '0 12 13 * 5',
    missedRuns: 'skip',
    isTick: (at) => (at.getUTCDate() === 13 || at.getUTCDay() === 5) && isTime(at, 12, 0),
  },
  { schedule: '@daily', missedRuns: 'once', isTick: (at) => isTime(at, 0, 0) },
  {
    schedule: '@every 1h30m',
    missedRuns: 'once',
    isTick: (at) => (at.getTime() / minute) % 90 === 0,
  },
];

/** What befalls the data plane at a time of the clock: it is away for a while, or its clock is set. */
type Event = { readonly at: number } & (
  | { readonly kind: 'restart'; readonly awayMs: number }
  | { readonly kind: 'jump'; readonly byMs: number }
);

const at = (time: string) => Date.parse(`${time}Z`);
const events: readonly Event[] = [
  // Each time of day has a restart at some day of the year, a second and not a second beside the ticks.
  ...Array.from(
    { length: 60 },
    (_, index): Event => ({
      kind: 'restart',
      at: start + index * 6 * day + ((index * 47) % 1440) * minute + (index % 3) * 15 * second,
      awayMs: ((index * 7) % 13) * 11 * second,
    }),
  ),
  { kind: 'restart', at: at('2027-05-02T10:59:30.000'), awayMs: 3 * hour },
  { kind: 'restart', at: at('2027-07-10T20:10:00.000'), awayMs: 2 * day },
  { kind: 'restart', at: at('2028-01-15T23:29:59.000'), awayMs: 30 * second },
  { kind: 'restart', at: at('2028-01-16T23:29:30.000'), awayMs: 2 * minute },
  { kind: 'restart', at: at('2028-02-28T23:50:00.000'), awayMs: 10 * minute + 40 * second },
  { kind: 'jump', at: at('2027-04-05T03:30:00.000'), byMs: 5 * hour },
  { kind: 'jump', at: at('2027-04-05T09:10:00.000'), byMs: -3 * hour },
  { kind: 'jump', at: at('2027-06-20T12:00:00.000'), byMs: -1.5 * hour },
  { kind: 'jump', at: at('2027-09-09T12:39:50.000'), byMs: 40 * second },
  { kind: 'jump', at: at('2027-10-31T02:30:00.000'), byMs: -hour },
  { kind: 'jump', at: at('2027-12-31T23:00:00.000'), byMs: 700 * day },
  { kind: 'jump', at: at('2029-11-30T23:10:00.000'), byMs: -700 * day },
] satisfies readonly Event[];

/** One stretch of time in which a data plane looks at a clock that nobody sets. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly begins: 'first' | 'restart' | 'forward' | 'back';
}

/** In the order in which they are lived through. */
function stretches(): readonly Stretch[] {
  const found: Stretch[] = [];
  const left = [...events];
  let from = start;
  let begins: Stretch['begins'] = 'first';
  for (;;) {
    const next = left
      .filter((event) => event.at > from)
      .toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined || (next.at > end && from < end)) {
      found.push({ from, to: end, begins });
      return found;
    }
    left.splice(left.indexOf(next), 1);
    found.push({ from, to: next.at, begins });
    from = next.at + (next.kind === 'restart' ? next.awayMs : next.byMs);
    begins = next.kind === 'restart' ? 'restart' : next.byMs > 0 ? 'forward' : 'back';
  }
}

/**
 * Minute by minute, from what the documentation promises: a tick is fired when its time comes, or within a minute behind it;
 * else it is missed; who makes up for that does it once, for the last one; no tick is fired twice.
 */
function documentedFirings({ isTick, missedRuns }: Case): readonly string[] {
  const fired = new Set<number>();
  let before = start;
  for (const { from, to, begins } of stretches()) {
    // Nobody makes up for anything where a clock was set back: what has run is known.
    const makesUp = missedRuns === 'once' && (begins === 'restart' || begins === 'forward');
    const since = begins === 'forward' ? before : start;
    const last = lastTick(isTick, makesUp ? since : Math.max(since, from - minute - 1), from);
    if (begins !== 'first' && last !== undefined && (from - last <= minute || makesUp))
      fired.add(last);
    for (let tick = firstMinute(from + 1); tick <= to; tick += minute)
      if (isTick(new Date(tick))) fired.add(tick);
    before = to;
  }
  return [...fired].map((time) => new Date(time).toISOString()).toSorted();
}

function lastTick(isTick: Case['isTick'], since: number, until: number): number | undefined {
  for (let tick = Math.floor(until / minute) * minute; tick > since; tick -= minute)
    if (isTick(new Date(tick))) return tick;
  return undefined;
}

const firstMinute = (from: number): number => Math.ceil(from / minute) * minute;

test('a year of schedules, with restarts and clocks that jump, is exactly what is documented', {
  timeout: 3_600_000,
}, async () => {
  await using store = await openSqliteStore({ file: join(await makeTempFolder(), 'store.db') });
  await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
  const { address, requests } = await startApplication();
  const time = new ControlledTime(new Date(start).toISOString());
  const list = cases.map(
    ({ schedule, missedRuns }, index): JobSchedule => ({
      ...{ deploymentId: 'deployment', applicationName: `${index}`, endpoint: `/${index}` },
      ...{ schedule, missedRuns, ...runningAt(address), deployedAt: start },
    }),
  );
  const fired = cases.map((): string[] => []);
  const answers = new Set<number | undefined>();
  /** Calls of the store and runs under way; time goes on when there are none. */
  let pending = 0;
  let goOn = (): void => undefined;
  const settle = (by: number): void => {
    pending += by;
    if (pending === 0) goOn();
  };
  const begin: Store['jobRuns']['begin'] = async (runs) => {
    settle(1);
    const begun = await store.jobRuns.begin(runs);
    settle([...begun.values()].filter((state) => state === 'running').length - 1);
    return begun;
  };
  const quiet = async (): Promise<void> => {
    if (pending > 0) await new Promise<void>((resolve) => (goOn = resolve));
  };
  const open = () => {
    const jobs = openJobScheduler({
      ...{ clock: time, timers: time, plane: 'data', newId: randomUUID, ...calling() },
      runs: { ...store.jobRuns, begin },
      onRun({ applicationName, scheduledFor, status }) {
        answers.add(status);
        fired[Number(applicationName)]?.push(new Date(scheduledFor).toISOString());
        settle(-1);
      },
    });
    jobs.applySchedules(list);
    return jobs;
  };
  let jobs = open();
  for (const { from, to, begins } of stretches()) {
    if (begins === 'restart') {
      await jobs[Symbol.asyncDispose]();
      // As the house is kept: what is forgotten must not run again.
      await store.commit([{ kind: 'forget-job-runs', keep: 1_000 }]);
      time.pass(from - time.now());
      jobs = open();
    } else if (begins !== 'first') {
      time.setClock(from - time.now());
      jobs.applySchedules(list);
    }
    await quiet();
    while (time.now() < to) {
      time.pass(Math.min(time.untilNext ?? to, to - time.now()));
      await quiet();
    }
  }
  await jobs[Symbol.asyncDispose]();

  for (const [index, one] of cases.entries())
    expect(fired[index]?.toSorted(), one.schedule).toEqual(documentedFirings(one));
  expect(answers).toEqual(new Set([200]));
  expect(requests).toHaveLength(fired.flat().length);
  expect(fired[1]?.length).toBeGreaterThan(25);
  expect(fired[3]).toEqual(['2028-02-29T00:00:00.000Z']);
});
