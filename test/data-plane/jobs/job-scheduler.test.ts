import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LocalAddress, nameOfAddress } from '../../../src/core/local-address.ts';
import { createCaller } from '../../../src/data-plane/connections/callee.ts';
import { createInFlight } from '../../../src/data-plane/connections/in-flight.ts';
import {
  type JobRun,
  type JobSchedule,
  type JobSchedulerOptions,
  openJobScheduler,
} from '../../../src/data-plane/jobs/open-job-scheduler.ts';
import type { Timers } from '../../../src/data-plane/jobs/timers.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Time that passes when it is told to, with every timer that is due on the way. */
class ControlledTime implements Timers {
  #now = Date.parse('2026-01-01T00:00:00.000Z');
  readonly #due = new Map<symbol, { readonly at: number; readonly run: () => void }>();

  readonly now = (): number => this.#now;

  after(delayMs: number, run: () => void): () => void {
    const key = Symbol('timer');
    this.#due.set(key, { at: this.#now + delayMs, run });
    return () => void this.#due.delete(key);
  }

  get timers(): number {
    return this.#due.size;
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = [...this.#due].toSorted(([, one], [, other]) => one.at - other.at);
      if (next === undefined || next[1].at > until) break;
      this.#due.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = until;
  }

  /** As when a machine sleeps: time goes on and no timer does. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}

async function startApplication(
  answer: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => void res.end(),
) {
  const requests: string[] = [];
  const server = createServer((req, res) => {
    requests.push(`${req.method} ${req.url} ${req.headers['content-length']}`);
    req.resume();
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, requests };
}

function openScheduler(options: Partial<JobSchedulerOptions> = {}) {
  const time = new ControlledTime();
  const runs: JobRun[] = [];
  const claimed: number[] = [];
  const awaited: string[] = [];
  const jobs = openJobScheduler({
    clock: time,
    timers: time,
    claimTick: async ({ tickAt }) => claimed.push(tickAt) > 0,
    onRun: (run) => runs.push(run),
    call: createCaller(createInFlight()),
    onAwaited: ({ applicationName }) => awaited.push(applicationName),
    startMs: 4 * minute,
    ...options,
  });
  return { time, runs, claimed, awaited, jobs };
}

function job(more: Partial<JobSchedule> = {}): JobSchedule {
  return {
    deploymentId: 'deployment-1',
    applicationName: 'job',
    schedule: '*/5 * * * *',
    endpoint: '/job',
    releaseId: 'release-1',
    instances: [],
    sleeps: false,
    ...more,
  };
}

const at = (address: LocalAddress) => ({
  instances: [{ instanceId: nameOfAddress(address), ...address }],
});

const iso = (time: number | undefined) => new Date(time ?? 0).toISOString();

test('a job is called at its times, with a POST and nothing in it', async () => {
  const { address, requests } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job(at(address))]);
  time.pass(5 * minute - 1);
  expect(requests).toEqual([]);
  time.pass(1);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  time.pass(5 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(requests).toEqual(['POST /job 0', 'POST /job 0']);
  expect(runs.map(({ tickAt }) => iso(tickAt))).toEqual([
    '2026-01-01T00:05:00.000Z',
    '2026-01-01T00:10:00.000Z',
  ]);
  expect(runs[0]).toEqual({
    deploymentId: 'deployment-1',
    applicationName: 'job',
    endpoint: '/job',
    tickAt: runs[0]?.tickAt,
    startedAt: runs[0]?.tickAt,
    finishedAt: runs[0]?.tickAt,
    status: 200,
  });
});

test('a tick that somebody else has claimed is not run', async () => {
  const { address, requests } = await startApplication();
  const taken = new Set<number>();
  const claimTick: JobSchedulerOptions['claimTick'] = async ({ tickAt }) => {
    if (taken.has(tickAt)) return false;
    taken.add(tickAt);
    return true;
  };
  const planes = [openScheduler({ claimTick }), openScheduler({ claimTick })];
  for (const { jobs } of planes) jobs.applySchedules([job(at(address))]);
  for (const { time } of planes) time.pass(5 * minute);
  await vi.waitFor(() => expect(planes.flatMap(({ runs }) => runs)).toHaveLength(1));
  expect([taken.size, requests.length]).toEqual([1, 1]);
});

test('a tick that cannot be claimed is logged and the next one comes', async () => {
  const { address } = await startApplication();
  const errors: string[] = [];
  let claims = 0;
  const { time, runs, jobs } = openScheduler({
    claimTick: async () => {
      if (claims++ === 0) throw new Error('the store is busy');
      return true;
    },
    logger: {
      info: () => undefined,
      warn: () => undefined,
      error: (_details, message) => errors.push(message),
    },
  });
  jobs.applySchedules([job(at(address))]);
  time.pass(5 * minute);
  await vi.waitFor(() => expect(errors).toEqual(['a job could not be run']));
  time.pass(5 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
});

test('a run that fails or cannot begin is reported with its reason', async () => {
  const failing = await startApplication((_req, res) => void res.writeHead(500).end());
  const dying = await startApplication((req) => void req.socket.destroy());
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([
    job({ applicationName: 'failing', ...at(failing.address) }),
    job({ applicationName: 'dying', ...at(dying.address) }),
    job({ applicationName: 'refused', ...at({ host: '127.0.0.1', port: 1 }) }),
    job({ applicationName: 'absent', failing: 'It ends again and again.' }),
  ]);
  time.pass(5 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(4));
  const outcome = (name: string) => {
    const run = runs.find(({ applicationName }) => applicationName === name);
    return run?.status ?? run?.error;
  };
  expect(outcome('failing')).toBe(500);
  expect(outcome('dying')).toContain('socket hang up');
  expect(outcome('refused')).toContain('ECONNREFUSED');
  expect(outcome('absent')).toBe('It ends again and again.');
});

test('a run may take 30 minutes and no more, and the next one does not wait for it', async () => {
  const { address, requests } = await startApplication(() => undefined);
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...at(address), schedule: '*/20 * * * *' })]);
  time.pass(20 * minute);
  await expect.poll(() => requests.length).toBe(1);
  time.pass(20 * minute);
  await expect.poll(() => requests.length).toBe(2);
  expect(runs).toEqual([]);
  time.pass(10 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  expect(runs[0]).toMatchObject({ error: 'It did not answer within 30 minutes.' });
  expect(runs[0]?.finishedAt).toBe((runs[0]?.startedAt ?? 0) + 30 * minute);
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
});

test('a job whose runs never end is not started without end', async () => {
  const { address, requests } = await startApplication(() => undefined);
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...at(address), schedule: '@every 10s' })]);
  for (let tick = 1; tick <= 101; tick++) {
    time.pass(10_000);
    if (tick <= 100) await expect.poll(() => requests.length, { interval: 2 }).toBe(tick);
  }
  await vi.waitFor(() =>
    expect(runs).toMatchObject([{ error: '100 runs of it are under way already.' }]),
  );
  await Promise.all([jobs[Symbol.asyncDispose](), time.pass(minute)]);
});

test('a job that sleeps is woken, and called when it is there', async () => {
  const { address, requests } = await startApplication();
  const { time, runs, awaited, jobs } = openScheduler();
  jobs.applySchedules([job({ sleeps: true })]);
  time.pass(5 * minute);
  await vi.waitFor(() => expect(awaited).toEqual(['job']));
  jobs.applySchedules([job({ sleeps: true })]);
  time.pass(1_000);
  expect([requests, runs]).toEqual([[], []]);
  jobs.applySchedules([job(at(address))]);
  await vi.waitFor(() => expect(runs).toMatchObject([{ status: 200 }]));
  expect(requests).toHaveLength(1);
});

test('a job that does not wake in time has not run', async () => {
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ sleeps: true, schedule: '@hourly' })]);
  time.pass(60 * minute);
  await expect.poll(() => time.timers).toBe(2);
  time.pass(4 * minute);
  await vi.waitFor(() => expect(runs).toMatchObject([{ error: 'No instance of it is running.' }]));
});

test('a schedule months away is waited for', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...at(address), schedule: '0 0 1 4 *' })]);
  time.pass(89 * day);
  expect(runs).toEqual([]);
  time.pass(day);
  await vi.waitFor(() =>
    expect(runs.map(({ tickAt }) => iso(tickAt))).toEqual(['2026-04-01T00:00:00.000Z']),
  );
});

test('what was slept through is run once, and then the schedule goes on', async () => {
  const { address } = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job({ ...at(address), schedule: '@hourly' })]);
  time.sleep(10 * 60 * minute + 1);
  time.pass(0);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  time.pass(60 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(runs.map(({ tickAt }) => iso(tickAt))).toEqual([
    '2026-01-01T01:00:00.000Z',
    '2026-01-01T11:00:00.000Z',
  ]);
});

test('a list that is applied again moves nothing; a new schedule or address counts at once', async () => {
  const old = await startApplication();
  const young = await startApplication();
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job(at(old.address))]);
  time.pass(4 * minute);
  jobs.applySchedules([job(at(young.address))]);
  time.pass(minute);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  expect([old.requests.length, young.requests.length]).toEqual([0, 1]);
  jobs.applySchedules([job({ ...at(young.address), schedule: '@hourly' })]);
  time.pass(50 * minute);
  jobs.applySchedules([]);
  time.pass(day);
  jobs.applySchedules([job({ ...at(young.address), schedule: '@hourly' })]);
  time.pass(60 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(iso(runs[1]?.tickAt)).toBe('2026-01-02T01:00:00.000Z');
});

test('@reboot runs once for each deployment, as soon as it can', async () => {
  const { address } = await startApplication();
  const { time, runs, claimed, jobs } = openScheduler();
  const deployedAt = time.now() - 1_000;
  const waiting = job({ schedule: '@reboot', deployedAt });
  jobs.applySchedules([waiting]);
  time.pass(day);
  expect(claimed).toEqual([]);
  jobs.applySchedules([{ ...waiting, ...at(address) }]);
  await vi.waitFor(() => expect(runs.map(({ tickAt }) => tickAt)).toEqual([deployedAt]));
  jobs.applySchedules([{ ...waiting, ...at(address) }]);
  time.pass(day);
  expect(claimed).toEqual([deployedAt]);
  jobs.applySchedules([{ ...waiting, ...at(address), deployedAt: time.now() }]);
  await vi.waitFor(() => expect(runs).toHaveLength(2));
});

test('a schedule that cannot be read is complained of once and disturbs no other', async () => {
  const { address } = await startApplication();
  const errors: object[] = [];
  const { time, runs, jobs } = openScheduler({
    logger: {
      info: () => undefined,
      warn: () => undefined,
      error: (details) => errors.push(details),
    },
  });
  for (let round = 0; round < 3; round++) {
    jobs.applySchedules([
      job({ applicationName: 'odd', schedule: '99 * * * *' }),
      job(at(address)),
    ]);
  }
  time.pass(5 * minute);
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  expect(errors).toMatchObject([{ applicationName: 'odd' }]);
});

test('ten thousand schedules need one timer', async () => {
  const { time, claimed, jobs } = openScheduler({ claimTick: async () => claimed.push(0) < 0 });
  const list = Array.from({ length: 10_000 }, (_, at) =>
    job({ applicationName: `job-${at}`, schedule: `${at % 60} ${at % 24} * * *` }),
  );
  jobs.applySchedules(list);
  jobs.applySchedules(list);
  expect(time.timers).toBe(1);
  time.pass(day);
  expect(claimed).toHaveLength(10_000);
  expect(time.timers).toBe(1);
});

test('a job can be run at once, besides its schedule', async () => {
  const { address } = await startApplication((_req, res) => void res.writeHead(202).end());
  const { time, runs, claimed, jobs } = openScheduler();
  jobs.applySchedules([job(at(address))]);
  const key = { deploymentId: 'deployment-1', applicationName: 'job' };
  const run = await jobs.runNow(key);
  expect(run).toMatchObject({ ...key, tickAt: time.now(), status: 202 });
  expect([runs, claimed]).toEqual([[run], []]);
  await expect(jobs.runNow({ ...key, applicationName: 'other' })).rejects.toThrow(
    'Deployment deployment-1 runs no job application other.',
  );
});

test('closing waits for runs under way, and not for ever', async () => {
  const held: ServerResponse[] = [];
  const { address } = await startApplication((_req, res) => void held.push(res));
  const { time, runs, jobs } = openScheduler();
  jobs.applySchedules([job(at(address)), job({ applicationName: 'endless', ...at(address) })]);
  time.pass(5 * minute);
  await expect.poll(() => held.length).toBe(2);
  const closed = jobs[Symbol.asyncDispose]();
  held[0]?.end();
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  time.pass(10_000);
  await closed;
  expect(runs.map(({ status, error }) => status ?? error)).toEqual([
    200,
    'Berth stopped before it answered.',
  ]);
  expect(time.timers).toBe(0);
});
