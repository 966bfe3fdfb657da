import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Caller } from '../connections/callee.ts';
import { createArrivals } from './arrivals.ts';
import { createJobRunner, type JobRun } from './job-runner.ts';
import { realTimers, type Timers } from './timers.ts';
import { createTimetable, type JobKey, type JobSchedule } from './timetable.ts';

export type { JobKey, JobRun, JobSchedule };

export interface JobSchedulerOptions {
  readonly clock: Clock;
  /** Answers true to exactly one of all who ask for a tick. */
  readonly claimTick: (tick: JobKey & { readonly tickAt: number }) => Promise<boolean>;
  readonly call: Caller;
  /** Called while a job is due that sleeps. */
  readonly onAwaited: (job: JobSchedule) => void;
  /** How long a run waits for an instance. */
  readonly startMs: number;
  /** Called when a run is over, or could not begin. */
  readonly onRun: (run: JobRun) => void;
  readonly timeoutMs?: number;
  /** How long closing waits for runs under way. */
  readonly drainMs?: number;
  readonly timers?: Timers;
  readonly logger?: Logger;
}

/** Calls job applications at their times. Runs of one job may overlap, as they do where Connect is hosted. */
export interface JobScheduler extends AsyncDisposable {
  /** A job whose schedule stays the same keeps its next run. One that cannot be read is logged and never due. */
  applySchedules(list: readonly JobSchedule[]): void;
  /**
   * Runs a job at once, besides its schedule.
   * @throws Failure where there is no such job
   */
  runNow(job: JobKey): Promise<JobRun>;
}

/** A sleeping machine and a clock that is set forward are noticed within this time. */
const longestWaitMs = 60_000;

export function openJobScheduler(options: JobSchedulerOptions): JobScheduler {
  const { clock, claimTick, logger, timers = realTimers } = options;
  const timetable = createTimetable({ clock, logger });
  const arrivals = createArrivals(options, timers);
  const runner = createJobRunner({
    clock,
    timers,
    reach: arrivals.reach,
    onRun: options.onRun,
    timeoutMs: options.timeoutMs ?? 30 * 60_000,
    logger,
  });
  let stopTimer = (): void => undefined;
  let closed = false;
  const firing = new Set<Promise<void>>();

  const fire = async (job: JobSchedule, tickAt: number): Promise<void> => {
    const { deploymentId, applicationName } = job;
    try {
      if (await claimTick({ deploymentId, applicationName, tickAt })) {
        await runner.run(() => timetable.find(job) ?? job, tickAt);
      }
    } catch (error) {
      logger?.error({ deploymentId, applicationName, tickAt, error }, 'a job could not be run');
    }
  };
  const fireDue = (): void => {
    for (const { job, tickAt } of timetable.takeDue()) {
      const fired = fire(job, tickAt).finally(() => firing.delete(fired));
      firing.add(fired);
    }
    wait();
  };
  const wait = (): void => {
    stopTimer();
    const next = timetable.nextAt();
    if (closed || next === undefined) return;
    const delay = Math.max(0, next - clock.now());
    stopTimer = timers.after(Math.min(delay, longestWaitMs), fireDue);
  };

  return {
    applySchedules(list) {
      if (closed) return;
      timetable.apply(list);
      arrivals.look();
      fireDue();
    },
    async runNow(key) {
      const job = timetable.find(key);
      if (job === undefined) throw unknownJob(key);
      return runner.run(() => timetable.find(key) ?? job, clock.now());
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      stopTimer();
      const late = Promise.withResolvers<void>();
      const stopWaiting = timers.after(options.drainMs ?? 10_000, () => {
        runner.stop();
        late.resolve();
      });
      await Promise.race([Promise.all(firing), late.promise]);
      await runner.idle();
      stopWaiting();
      runner.stop();
    },
  };
}

function unknownJob({ deploymentId, applicationName }: JobKey): Failure {
  return new Failure(`Deployment ${deploymentId} runs no job application ${applicationName}.`, {
    nextStep: 'Deploy it first; its schedule is in the Deployment.',
  });
}
