import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  type FinishedRun,
  type JobSchedule,
  type JobSchedulerOptions,
  openJobScheduler,
} from '../../../src/data-plane/jobs/open-job-scheduler.ts';
import { openSqliteStore } from '../../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Logger } from '../../../src/ports/logger.ts';
import type { Store } from '../../../src/ports/store.ts';
import { ControlledTime } from '../../support/controlled-time.ts';
import { calling, nowhere, runningAt, startApplication } from '../../support/job-application.ts';
import { deployment } from '../../support/records.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Real records, with a Deployment for each test that its jobs are of. */
let folder: string;
let store: Store;
let id = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-jobs-'));
  store = await openSqliteStore({ file: join(folder, 'store.db') });
});

beforeEach(async () => {
  id = randomUUID();
  await store.commit([{ kind: 'insert-deployment', record: deployment({ id }) }]);
});

afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function openScheduler(
  options: Partial<JobSchedulerOptions> = {},
  { time = new ControlledTime() }: { time?: ControlledTime } = {},
) {
  const runs: FinishedRun[] = [];
  const awaited: string[] = [];
  const jobs = openJobScheduler({
    clock: time,
    timers: time,
    runs: store.jobRuns,
    plane: 'data',
    newId: randomUUID,
    ...calling(),
    onAwaited: ({ applicationName }) => awaited.push(applicationName),
    onRun: (run) => runs.push(run),
    ...options,
  });
  /** As the API shows it, the oldest first. */
  const history = async () => {
    const { results } = await store.jobRuns.query('project', {
      ...{ deploymentId: id, limit: 500, offset: 0 },
    });
    return results.toReversed();
  };
  const states = async () => (await history()).map(({ state }) => state);
  return { time, runs, awaited, jobs, history, states };
}

function job(more: Partial<JobSchedule> = {}): JobSchedule {
  return {
    deploymentId: id,
    applicationName: 'job',
    schedule: '*/5 * * * *',
    endpoint: '/job',
    ...nowhere,
    ...more,
  };
}

function logging(errors: { details: object; message: string }[]): Logger {
  return {
    info: () => undefined,
    warn: () => undefined,
    error: (details, message) => void errors.push({ details, message }),
  };
}

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000 });
const iso = (time: number | undefined) => new Date(time ?? 0).toISOString();
const times = (runs: readonly { scheduledFor: number }[]) =>
  runs.map(({ scheduledFor }) => iso(scheduledFor));

/** As the API asks for a run. */
async function request(at: number, applicationName = 'job') {
  const run = {
    id: randomUUID(),
    projectKey: 'project',
    deploymentId: id,
    applicationName,
    trigger: 'request',
    state: 'requested',
    scheduledFor: at,
    requestedBy: 'client',
  } as const;
  await store.commit([{ kind: 'request-job-run', run }]);
  return run;
}

test('a job is called at its times, with a POST and nothing in it, and that is kept', async () => {
  const { address, requests } = await startApplication();
  const { time, runs, jobs, history } = openScheduler();
  jobs.applySchedules([job(runningAt(address))]);
  time.pass(5 * minute - 1);
  expect(requests).toEqual([]);
  time.pass(1);
  await eventually(() => expect(runs).toHaveLength(1));
  time.pass(5 * minute);
  await eventually(() => expect(runs).toHaveLength(2));
  expect(requests).toEqual(['POST /job 0', 'POST /job 0']);
  const fiveMinutes = Date.parse('2026-01-01T00:05:00.000Z');
  expect(runs[0]).toEqual({
    id: runs[0]?.id,
    deploymentId: id,
    applicationName: 'job',
    endpoint: '/job',
    scheduledFor: fiveMinutes,
    startedAt: fiveMinutes,
    finishedAt: fiveMinutes,
    state: 'succeeded',
    status: 200,
  });
  await eventually(async () => expect((await history())[1]?.state).toBe('succeeded'));
  expect((await history())[0]).toEqual({
    id: runs[0]?.id,
    projectKey: 'project',
    deploymentId: id,
    applicationName: 'job',
    trigger: 'schedule',
    state: 'succeeded',
    scheduledFor: fiveMinutes,
    startedAt: fiveMinutes,
    finishedAt: fiveMinutes,
    status: 200,
  });
});

test('of a Deployment that is gone nothing runs', async () => {
  const { address, requests } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([
    job(runningAt(address)),
    job({ ...runningAt(address), deploymentId: 'gone' }),
  ]);
  time.pass(5 * minute);
  await eventually(() => expect(runs).toHaveLength(1));
  await jobs[Symbol.asyncDispose]();
  expect([runs[0]?.deploymentId, requests.length]).toEqual([id, 1]);
});

/** Nothing begins there until the store is told to be there again. */
function openWithStoreAway() {
  const where = { isAway: true };
  const errors: { details: object; message: string }[] = [];
  const begin: Store['jobRuns']['begin'] = async (beginning) => {
    if (where.isAway) throw new Error('the store is away');
    return store.jobRuns.begin(beginning);
  };
  const opened = openScheduler({ runs: { ...store.jobRuns, begin }, logger: logging(errors) });
  return { ...opened, store: where, errors };
}

test('a tick waits for a store that is away, and is given up where that takes too long', async () => {
  const { address } = await startApplication();
  const { store: where, errors, time, runs, jobs } = openWithStoreAway();
  jobs.applySchedules([job(runningAt(address))]);
  time.pass(5 * minute);
  await eventually(() => expect(errors).toHaveLength(1));
  where.isAway = false;
  await eventually(() => expect(time.timers).toBe(2));
  time.pass(1_000);
  await eventually(() => expect(times(runs)).toEqual(['2026-01-01T00:05:00.000Z']));
  where.isAway = true;
  time.pass(5 * minute - 1_000);
  await eventually(() => expect(errors).toHaveLength(2));
  await eventually(() => expect(time.timers).toBe(2));
  time.pass(minute + 1);
  await eventually(() => expect(errors[3]?.message).toBe('jobs that were due have not been run'));
  where.isAway = false;
  time.pass(4 * minute);
  await eventually(() =>
    expect(times(runs)).toEqual(['2026-01-01T00:05:00.000Z', '2026-01-01T00:15:00.000Z']),
  );
});

test('however many are due, none begins that is late because those before it have waited', async () => {
  const { store: where, errors, time, runs, jobs } = openWithStoreAway();
  const { address } = await startApplication();
  jobs.applySchedules(
    Array.from({ length: 450 }, (_, at) =>
      job({ ...runningAt(address), applicationName: `job-${at}` }),
    ),
  );
  time.pass(5 * minute);
  await eventually(() => expect(errors).toHaveLength(1));
  await eventually(() => expect(time.timers).toBe(2));
  time.setClock(minute + 1);
  time.pass(1_000);
  await eventually(() => expect(errors).toHaveLength(3));
  where.isAway = false;
  expect(errors.slice(1)).toMatchObject([
    { details: { count: 200 }, message: 'jobs that are due could not be begun yet' },
    { details: { count: 450 }, message: 'jobs that were due have not been run' },
  ]);
  await jobs[Symbol.asyncDispose]();
  expect(runs).toEqual([]);
});

test('how a run ended is written when the store is there again', async () => {
  const { address } = await startApplication();
  const errors: { details: object; message: string }[] = [];
  let isAway = true;
  const end: Store['jobRuns']['end'] = async (ended) => {
    if (isAway) throw new Error('the store is away');
    return store.jobRuns.end(ended);
  };
  const { time, runs, jobs, states } = openScheduler({
    runs: { ...store.jobRuns, end },
    logger: logging(errors),
  });
  jobs.applySchedules([job(runningAt(address))]);
  time.pass(5 * minute);
  await eventually(() => expect([runs.length, errors.length]).toEqual([1, 1]));
  expect(await states()).toEqual(['running']);
  isAway = false;
  time.pass(1_000);
  await eventually(async () => expect(await states()).toEqual(['succeeded']));
});

test('a run that fails or cannot begin is reported with its reason', async () => {
  const failing = await startApplication((_req, res) => void res.writeHead(500).end());
  const moved = await startApplication((_req, res) => void res.writeHead(302).end());
  const dying = await startApplication((req) => void req.socket.destroy());
  const { time, runs, jobs, states } = openScheduler();
  jobs.applySchedules([
    job({ applicationName: 'failing', ...runningAt(failing.address) }),
    job({ applicationName: 'moved', ...runningAt(moved.address) }),
    job({ applicationName: 'dying', ...runningAt(dying.address) }),
    job({ applicationName: 'refused', ...runningAt({ host: '127.0.0.1', port: 1 }) }),
    job({ applicationName: 'absent' }),
  ]);
  time.pass(5 * minute);
  await eventually(() => expect(runs).toHaveLength(4));
  time.pass(minute);
  await eventually(() => expect(runs).toHaveLength(5));
  const outcome = (name: string) => {
    const run = runs.find(({ applicationName }) => applicationName === name);
    return run?.status ?? run?.error;
  };
  expect(outcome('failing')).toBe(500);
  expect(outcome('moved')).toBe(302);
  expect(outcome('dying')).toBe('It closed the connection before it answered.');
  expect(outcome('refused')).toBe('It refused the connection.');
  expect(outcome('absent')).toBe('No instance of it is running.');
  await eventually(async () => expect(await states()).toEqual(Array(5).fill('failed')));
});

test('a run waits a moment for an instance that starts', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job()]);
  time.pass(5 * minute);
  await eventually(() => expect(time.timers).toBe(2));
  time.pass(10_000);
  jobs.applySchedules([job(runningAt(address))]);
  await eventually(() => expect(runs).toMatchObject([{ status: 200 }]));
  expect(iso(runs[0]?.startedAt)).toBe('2026-01-01T00:05:10.000Z');
});

test('a run may take 30 minutes and no more, and the next one does not wait for it', async () => {
  const { address, requests } = await startApplication(() => undefined);
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '*/20 * * * *' })]);
  time.pass(20 * minute);
  await expect.poll(() => requests.length).toBe(1);
  time.pass(20 * minute);
  await expect.poll(() => requests.length).toBe(2);
  expect(runs).toEqual([]);
  time.pass(10 * minute);
  await eventually(() => expect(runs).toHaveLength(1));
  expect(runs[0]).toMatchObject({
    state: 'failed',
    error: 'It did not answer within 30 minutes.',
  });
  expect(runs[0]?.finishedAt).toBe((runs[0]?.startedAt ?? 0) + 30 * minute);
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
});

test('a job whose runs never end is not started without end', async () => {
  const { address, requests } = await startApplication(() => undefined);
  const { time, jobs, history } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@every 10s' })]);
  for (let tick = 1; tick <= 101; tick++) {
    time.pass(10_000);
    if (tick <= 100) await expect.poll(() => requests.length, { interval: 2 }).toBe(tick);
  }
  await eventually(async () =>
    expect((await history())[100]).toMatchObject({
      state: 'skipped',
      reason: '100 runs of it were under way already.',
    }),
  );
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
});

test('a run is skipped where another one is under way and the policy forbids it', async () => {
  const held: ServerResponse[] = [];
  const { address } = await startApplication((_req, res) => void held.push(res));
  const { time, jobs, history } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), overlapPolicy: 'forbid' })]);
  time.pass(5 * minute);
  await expect.poll(() => held.length).toBe(1);
  time.pass(5 * minute);
  await request(time.now());
  jobs.hint();
  await eventually(async () =>
    expect((await history()).map(({ state, reason }) => reason ?? state)).toEqual([
      'running',
      'Another run of it was under way, and its overlap policy is "forbid".',
      'Another run of it was under way, and its overlap policy is "forbid".',
    ]),
  );
  held[0]?.end();
  await eventually(async () => expect((await history())[0]?.state).toBe('succeeded'));
  time.pass(5 * minute);
  await expect.poll(() => held.length).toBe(2);
  held[1]?.end();
  await jobs[Symbol.asyncDispose]();
  expect((await history()).map(({ state }) => state)).toEqual([
    ...['succeeded', 'skipped', 'skipped', 'succeeded'],
  ]);
});

test('of several that were asked for at once and must be alone, one runs', async () => {
  const { address, requests } = await startApplication(() => undefined);
  const { time, jobs, states } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), overlapPolicy: 'forbid' })]);
  for (let at = 0; at < 3; at++) await request(time.now());
  jobs.hint();
  await eventually(async () => expect(await states()).toEqual(['running', 'skipped', 'skipped']));
  await expect.poll(() => requests.length).toBe(1);
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
});

test('a run that is under way is given up where the policy is to replace it', async () => {
  const closed: number[] = [];
  const { address, requests } = await startApplication((req) => {
    const number = requests.length;
    req.socket.once('close', () => closed.push(number));
  });
  const { time, jobs, history } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), overlapPolicy: 'replace' })]);
  for (let tick = 1; tick <= 2; tick++) {
    time.pass(5 * minute);
    await expect.poll(() => requests.length).toBe(tick);
  }
  await expect.poll(() => closed).toEqual([1]);
  await request(time.now());
  jobs.hint();
  await expect.poll(() => closed).toEqual([1, 2]);
  await eventually(async () =>
    expect((await history()).map(({ state, reason }) => reason ?? state)).toEqual([
      ...['A later run of it took its place.', 'A later run of it took its place.', 'running'],
    ]),
  );
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
  expect((await history())[2]).toMatchObject({ state: 'interrupted' });
});

test('a job that sleeps is woken, and called when it is there', async () => {
  const { address, requests } = await startApplication();
  const { time, runs, awaited, jobs } = openScheduler();
  jobs.applySchedules([job({ sleeps: true })]);
  time.pass(5 * minute);
  await eventually(() => expect(awaited).toEqual(['job']));
  jobs.applySchedules([job({ sleeps: true })]);
  time.pass(1_000);
  expect([requests, runs]).toEqual([[], []]);
  jobs.applySchedules([job(runningAt(address))]);
  await eventually(() => expect(runs).toMatchObject([{ status: 200 }]));
  expect(requests).toHaveLength(1);
});

test('a job that ends again and again is not waited for', async () => {
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ failing: 'It ends again and again.' })]);
  time.pass(5 * minute);
  await eventually(() => expect(runs).toMatchObject([{ error: 'It ends again and again.' }]));
});

test('a schedule months away is waited for', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '0 0 1 4 *' })]);
  time.pass(89 * day);
  expect(runs).toEqual([]);
  time.pass(day);
  await eventually(() => expect(times(runs)).toEqual(['2026-04-01T00:00:00.000Z']));
});

test('what was slept through is not made up for, and then the schedule goes on', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly' })]);
  time.setClock(10 * hour + 2 * minute);
  time.pass(hour);
  await eventually(() => expect(runs).toHaveLength(1));
  expect(times(runs)).toEqual(['2026-01-01T11:00:00.000Z']);
});

test('what was slept through is made up for by one run, where that is the policy', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs, history } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly', missedRuns: 'once' })]);
  time.setClock(10 * hour + 2 * minute);
  time.pass(minute);
  await eventually(() => expect(runs).toHaveLength(1));
  time.pass(hour);
  await eventually(() => expect(runs).toHaveLength(2));
  expect(times(runs)).toEqual(['2026-01-01T10:00:00.000Z', '2026-01-01T11:00:00.000Z']);
  expect((await history()).map(({ trigger }) => trigger)).toEqual(['missed-schedule', 'schedule']);
});

test('a tick that is noticed within a minute is on time', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs, history } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly' })]);
  time.setClock(3 * hour + minute);
  time.pass(0);
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly' })]);
  await eventually(() => expect(times(runs)).toEqual(['2026-01-01T03:00:00.000Z']));
  expect((await history())[0]?.trigger).toBe('schedule');
});

test('a clock that is set back fires nothing again, and what comes then', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly' })]);
  for (let at = 1; at <= 3; at++) {
    time.pass(hour);
    await eventually(() => expect(runs).toHaveLength(at));
  }
  // From 03:00 to 01:30; the timer for 04:00 comes a minute later at the latest.
  time.setClock(-1.5 * hour);
  time.pass(3 * hour);
  await eventually(() => expect(runs).toHaveLength(4));
  expect(times(runs)).toEqual([1, 2, 3, 4].map((at) => `2026-01-01T0${at}:00:00.000Z`));
});

test('a clock that was years ahead for a moment costs no tick of the true time', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...runningAt(address), schedule: '@hourly' })]);
  time.pass(10 * minute);
  time.setClock(1_000 * day);
  time.pass(2 * minute);
  time.setClock(-1_000 * day);
  time.pass(2 * hour);
  await eventually(() => expect(runs).toHaveLength(2));
  expect(times(runs)).toEqual(['2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z']);
});

test('a list that is applied again moves nothing; a new schedule or address counts at once', async () => {
  const old = await startApplication();
  const young = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job(runningAt(old.address))]);
  time.pass(4 * minute);
  jobs.applySchedules([job(runningAt(young.address))]);
  time.pass(minute);
  await eventually(() => expect(runs).toHaveLength(1));
  expect([old.requests.length, young.requests.length]).toEqual([0, 1]);
  jobs.applySchedules([job({ ...runningAt(young.address), schedule: '@hourly' })]);
  time.pass(50 * minute);
  jobs.applySchedules([]);
  time.pass(day);
  jobs.applySchedules([job({ ...runningAt(young.address), schedule: '@hourly', deployedAt: 0 })]);
  time.pass(60 * minute);
  await eventually(() => expect(runs).toHaveLength(2));
  expect(iso(runs[1]?.scheduledFor)).toBe('2026-01-02T01:00:00.000Z');
});

test('@reboot runs once for each deployment, as soon as it can, also after a restart', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  const deployedAt = time.now() - 1_000;
  const waiting = job({ schedule: '@reboot', deployedAt });
  jobs.applySchedules([waiting]);
  time.pass(day);
  expect(runs).toEqual([]);
  jobs.applySchedules([{ ...waiting, ...runningAt(address) }]);
  await eventually(() =>
    expect(runs.map(({ scheduledFor }) => scheduledFor)).toEqual([deployedAt]),
  );
  jobs.applySchedules([{ ...waiting, ...runningAt(address) }]);
  time.pass(day);
  jobs.applySchedules([{ ...waiting, ...runningAt(address), deployedAt: time.now() }]);
  await eventually(() => expect(runs).toHaveLength(2));
  await jobs[Symbol.asyncDispose]();
  const next = openScheduler({}, { time });
  next.jobs.applySchedules([{ ...waiting, ...runningAt(address), deployedAt: time.now() }]);
  await next.jobs[Symbol.asyncDispose]();
  expect(next.runs).toEqual([]);
});

test('a schedule that cannot be read, or never comes, disturbs no other', async () => {
  const { address } = await startApplication();
  const errors: { details: object; message: string }[] = [];
  const { time, runs, jobs } = openScheduler({ logger: logging(errors) });
  for (let round = 0; round < 3; round++) {
    jobs.applySchedules([
      job({ applicationName: 'odd', schedule: '99 * * * *' }),
      job({ applicationName: 'never', schedule: '0 0 31 2 *', missedRuns: 'once' }),
      job(runningAt(address)),
    ]);
  }
  time.pass(5 * minute);
  await eventually(() => expect(runs).toHaveLength(1));
  expect(errors).toMatchObject([{ details: { applicationName: 'odd' } }]);
});

test('ten thousand schedules need one timer, and what is due together one commit for many', async () => {
  const commits: number[] = [];
  const begin: Store['jobRuns']['begin'] = (beginning) => {
    commits.push(beginning.length);
    return store.jobRuns.begin(beginning);
  };
  const { time, jobs } = openScheduler({ runs: { ...store.jobRuns, begin } });
  const list = Array.from({ length: 10_000 }, (_, at) =>
    job({ deploymentId: 'gone', applicationName: `job-${at}`, schedule: `0 ${at % 2} * * *` }),
  );
  jobs.applySchedules(list);
  jobs.applySchedules(list);
  expect(time.timers).toBe(1);
  time.pass(hour);
  expect(time.timers).toBe(1);
  await eventually(() => expect(commits).toHaveLength(25));
  time.pass(day - hour);
  expect(time.timers).toBe(1);
  await eventually(() => expect(commits).toHaveLength(50));
  await jobs[Symbol.asyncDispose]();
  expect(commits).toEqual(Array(50).fill(200));
});

test('a job runs when it is asked for, besides its schedule', async () => {
  const { address } = await startApplication((_req, res) => void res.writeHead(202).end());
  const { time, runs, jobs, history } = openScheduler();
  jobs.applySchedules([job(runningAt(address)), job({ applicationName: 'absent' })]);
  time.pass(1_000);
  const asked = await request(time.now());
  await request(time.now(), 'absent');
  await request(time.now(), 'unknown');
  jobs.hint();
  await eventually(() => expect(runs).toHaveLength(1));
  expect(runs[0]).toMatchObject({ id: asked.id, scheduledFor: asked.scheduledFor, status: 202 });
  await eventually(async () => expect((await history())[0]?.state).toBe('succeeded'));
  // What does not run here may run elsewhere, or soon.
  expect((await history()).map(({ state }) => state)).toEqual([
    ...['succeeded', 'requested', 'requested'],
  ]);
  jobs.applySchedules([job({ applicationName: 'absent', ...runningAt(address) })]);
  jobs.hint();
  await eventually(() => expect(runs).toHaveLength(2));
  time.setClock(10 * minute + 1);
  jobs.hint();
  await eventually(async () =>
    expect((await history())[2]).toMatchObject({
      state: 'skipped',
      reason: 'Nothing of it ran within 10 minutes.',
    }),
  );
});

test('closing waits for runs under way, and not for ever', async () => {
  const held: ServerResponse[] = [];
  const { address } = await startApplication((_req, res) => void held.push(res));
  const { time, runs, jobs, history } = openScheduler();
  jobs.applySchedules([
    job(runningAt(address)),
    job({ applicationName: 'endless', ...runningAt(address) }),
  ]);
  time.pass(5 * minute);
  await expect.poll(() => held.length).toBe(2);
  const closed = jobs[Symbol.asyncDispose]();
  held[0]?.end();
  await eventually(() => expect(runs).toHaveLength(1));
  time.pass(10_000);
  await closed;
  expect(runs.map(({ status, error }) => status ?? error)).toEqual([
    200,
    'Berth stopped before it answered.',
  ]);
  expect((await history()).map(({ state }) => state).toSorted()).toEqual([
    'interrupted',
    'succeeded',
  ]);
  expect(time.timers).toBe(0);
});
