import type { Clock } from '../../ports/clock.ts';
import type { JobRuns } from '../../ports/job-runs.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Caller } from '../connections/callee.ts';
import { createOpenedSockets } from '../connections/opened-sockets.ts';
import { createJobRunner, type FinishedRun } from './job-runner.ts';
import { createRunEnds } from './run-ends.ts';
import { runRequests } from './run-requests.ts';
import { runTicks } from './run-ticks.ts';
import { realTimers, type Timers } from './timers.ts';
import { createTimetable, type JobKey, type JobSchedule } from './timetable.ts';

export type { FinishedRun, JobKey, JobSchedule };

export interface JobSchedulerOptions {
  readonly clock: Clock;
  /** Where data planes agree who runs what, and where the history of it is. */
  readonly runs: Pick<JobRuns, 'requested' | 'begin' | 'take' | 'end'>;
  /** What this data plane calls itself there. */
  readonly plane: string;
  readonly newId: () => string;
  readonly call: Caller;
  /** Called while a job is due of which nothing runs. */
  readonly onAwaited: (job: JobSchedule) => void;
  /** How long a run waits for an instance. */
  readonly startMs: number;
  /** Called when a run that has begun is over. */
  readonly onRun: (run: FinishedRun) => void;
  readonly timeoutMs?: number;
  /** How long closing waits for runs under way. */
  readonly drainMs?: number;
  readonly timers?: Timers;
  readonly logger?: Logger;
}

/** Calls job applications at their times and when they are asked for. */
export interface JobScheduler extends AsyncDisposable {
  /** A job whose schedule stays the same keeps its next run. One that cannot be read is logged and never due. */
  applySchedules(list: readonly JobSchedule[]): void;
  /** Somebody may have asked for a run. */
  hint(): void;
}

/** A sleeping machine and a clock that is set forward are noticed within this time. */
const longestWaitMs = 60_000;

export function openJobScheduler(options: JobSchedulerOptions): JobScheduler {
  const { clock, runs, logger, timers = realTimers } = options;
  const timetable = createTimetable({ clock, logger });
  const ends = createRunEnds({ runs, timers, logger });
  const sockets = createOpenedSockets();
  const runner = createJobRunner({
    clock,
    timers,
    sockets,
    call: options.call,
    onAwaited: options.onAwaited,
    startMs: options.startMs,
    onRun(run) {
      const { id, state, startedAt, finishedAt, status, error: reason } = run;
      ends.add({
        ...{ id, from: 'running', state, startedAt, finishedAt },
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { reason }),
      });
      options.onRun(run);
    },
    timeoutMs: options.timeoutMs ?? 30 * 60_000,
    logger,
  });
  let stopTimer = (): void => undefined;
  let closed = false;
  const isClosed = (): boolean => closed;
  const deps = { ...options, timers, timetable, runner, ends, isClosed, logger };
  const underWay = new Set<Promise<unknown>>();

  const follow = (work: Promise<unknown>): void => {
    const followed: Promise<unknown> = work
      .catch((error: unknown) => logger?.error({ error }, 'jobs could not be run'))
      .finally(() => underWay.delete(followed));
    underWay.add(followed);
  };
  const fireDue = (): void => {
    const due = timetable.takeDue();
    if (due.length > 0) follow(runTicks(deps, due));
    wait();
  };
  const wait = (): void => {
    stopTimer();
    const next = timetable.nextAt();
    if (closed || next === undefined) return;
    const delay = Math.max(0, next - clock.now());
    stopTimer = timers.after(Math.min(delay, longestWaitMs), fireDue);
  };

  let asked = false;
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    try {
      while (asked && !closed) {
        asked = false;
        for (const running of await runRequests(deps)) follow(running);
      }
    } finally {
      asking = undefined;
    }
  };

  return {
    applySchedules(list) {
      if (closed) return;
      sockets.keep(list.flatMap(({ instances }) => instances));
      timetable.apply(list);
      runner.hint();
      fireDue();
    },
    hint() {
      asked = true;
      if (closed || asking !== undefined) return;
      asking = ask();
      follow(asking);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      stopTimer();
      const late = Promise.withResolvers<void>();
      const stopWaiting = timers.after(options.drainMs ?? 10_000, () => {
        runner.stop();
        late.resolve();
      });
      await Promise.race([settled(underWay), late.promise]);
      await runner.idle();
      stopWaiting();
      runner.stop();
      await ends.flush();
      ends.stop();
      sockets[Symbol.dispose]();
    },
  };
}

/** Also what begins meanwhile. */
async function settled(work: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (work.size > 0) await Promise.all(work);
}
