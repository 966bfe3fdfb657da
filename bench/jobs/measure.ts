import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createCaller } from '../../src/data-plane/connections/callee.ts';
import { createInFlight } from '../../src/data-plane/connections/in-flight.ts';
import { openJobScheduler } from '../../src/data-plane/jobs/open-job-scheduler.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { deployment } from '../../test/support/records.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { preciseNow } from '../handler/arrivals.ts';
import { type BareHandler, startBareHandler } from '../handler/bare-handler.ts';
import { plainProgram } from '../handler/program.ts';
import { commitInParts } from '../records/original.ts';

export const jobs = 10_000;
/** Enough to have all of them in the timetable. */
const leadMs = 10_000;
/** Ends before the minute after. */
const longestMs = 45_000;
const minuteMs = 60_000;
/** The handler notes down what has arrived more often. */
const notedWithinMs = 200;
/** Any full minute. */
const tickAt = Date.UTC(2026, 0, 1);

export interface Round {
  /** ms from the tick to the first byte at the handler. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly lost: number;
  readonly twice: number;
}

export interface Measured {
  readonly rounds: readonly Round[];
}

export async function measureJobs(run: BenchmarkRun): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const handler = stack.use(
    await startBareHandler(folder, 'jobs', { source: plainProgram, at: join(folder, 'socket') }),
  );
  const rounds: Round[] = [];
  for (let round = 0; round <= run.rounds; round++) {
    run.progress(round === 0 ? 'warm-up' : `round ${round} of ${run.rounds}`);
    const measured = await measureMinute(join(folder, `${round}.db`), handler, round * jobs);
    if (round > 0) rounds.push(measured);
  }
  return { rounds };
}

/** With a clock of its own, in which the next full minute is near. The numbers of its jobs begin with `from`. */
async function measureMinute(file: string, handler: BareHandler, from: number): Promise<Round> {
  await using store = await openSqliteStore({ file });
  await commitInParts(
    store,
    Array.from({ length: jobs }, (_, number) => ({
      ...({ kind: 'insert-deployment' } as const),
      record: deployment({ id: `deployment-${from + number}` }),
    })),
  );
  const dueAt = preciseNow() + leadMs;
  await runJobs(store, { socketPath: handler.at, dueAt, from });
  await wait(notedWithinMs);
  await handler.arrivals.read();
  const all = [...handler.arrivals.times].filter(([n]) => n >= from).map(([, times]) => times);
  const late = all
    .map(([first = Number.NaN]) => first - dueAt)
    .toSorted((one, other) => one - other);
  const at = (part: number): number =>
    late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? Number.NaN;
  return {
    ...{ p50: at(0.5), p99: at(0.99), max: at(1) },
    lost: jobs - all.length,
    twice: all.filter((times) => times.length > 1).length,
  };
}

/** The scheduler as the data plane has it, until all have run. */
async function runJobs(
  store: Store,
  {
    socketPath,
    dueAt,
    from,
  }: { readonly socketPath: string; readonly dueAt: number; readonly from: number },
): Promise<void> {
  let runs = 0;
  let isAnotherMinute = false;
  await using scheduler = openJobScheduler({
    clock: { now: () => Math.floor(tickAt + preciseNow() - dueAt) },
    runs: store.jobRuns,
    plane: 'data',
    newId: randomUUID,
    call: createCaller(createInFlight()),
    onAwaited: () => undefined,
    startMs: minuteMs,
    onRun(run) {
      runs++;
      isAnotherMinute ||= run.scheduledFor !== tickAt;
    },
  });
  scheduler.applySchedules(
    Array.from({ length: jobs }, (_, index) => from + index).map((number) => ({
      deploymentId: `deployment-${number}`,
      applicationName: 'job',
      schedule: '* * * * *',
      endpoint: `/jobs/${number}`,
      releaseId: `release-${number}`,
      instances: [{ instanceId: `instance-${number}`, socketPath }],
      sleeps: false,
    })),
  );
  const deadline = performance.now() + longestMs;
  while (runs < jobs && performance.now() < deadline) await wait(100);
  if (isAnotherMinute) throw new Error('The minute began before all jobs were in the timetable');
}
