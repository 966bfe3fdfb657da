import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import type { BeginningRun, JobRuns } from '../../ports/job-runs.ts';
import type { Logger } from '../../ports/logger.ts';
import type { JobRunner } from './job-runner.ts';
import { isAlone, startRun, whySkipped } from './overlap.ts';
import type { RunEnds } from './run-ends.ts';
import type { Timers } from './timers.ts';
import { onTimeMs, type Tick, type Timetable } from './timetable.ts';

export interface TickDeps {
  readonly runs: Pick<JobRuns, 'begin'>;
  readonly runner: JobRunner;
  readonly ends: Pick<RunEnds, 'flush'>;
  readonly timetable: Pick<Timetable, 'find'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly plane: string;
  readonly newId: () => string;
  readonly isClosed: () => boolean;
  readonly logger: Logger | undefined;
}

/** Of one commit, and without a break: the first ones run while the store takes the others. */
const begunAtOnce = 200;
const retryMs = 1_000;

interface Due extends Tick {
  readonly id: string;
}

/** Begins what is due, each tick once whoever else has it in his list, and resolves when it is over. */
export async function runTicks(deps: TickDeps, ticks: readonly Tick[]): Promise<void> {
  const noticedAt = deps.clock.now();
  const due = ticks.map((tick) => ({ ...tick, id: deps.newId() }));
  const running: Promise<void>[] = [];
  for (let at = 0; at < due.length; at += begunAtOnce) {
    running.push(...(await beginSome(deps, due.slice(at, at + begunAtOnce), noticedAt)));
    // What has begun gets a turn to be sent, and what has ended to be over, before more begins.
    await turn();
  }
  await Promise.all(running);
}

async function beginSome(
  deps: TickDeps,
  due: readonly Due[],
  noticedAt: number,
): Promise<readonly Promise<void>[]> {
  // What has ended here may still run for the store.
  if (due.some(({ job }) => isAlone(job))) await deps.ends.flush();
  const begun = await claim(deps, due, noticedAt);
  return due
    .filter(({ id }) => begun.get(id) === 'running')
    .map(({ id, job, tickAt }) =>
      startRun(deps.runner, {
        ...{ id, job },
        current: () => deps.timetable.find(job) ?? job,
        scheduledFor: tickAt,
      }),
    );
}

/** A store that is away for a moment costs no tick. Until it is late: then it is a missed one. */
async function claim(
  { runs, runner, clock, timers, plane, isClosed, logger }: TickDeps,
  due: readonly Due[],
  noticedAt: number,
): ReturnType<JobRuns['begin']> {
  const startedAt = clock.now();
  const isLate = (): boolean => clock.now() - noticedAt > onTimeMs;
  const beginning = due.map(({ id, job, tickAt, trigger }): BeginningRun => {
    const skipped = whySkipped(job, runner);
    return {
      ...{ id, plane, startedAt, trigger, tickAt },
      deploymentId: job.deploymentId,
      applicationName: job.applicationName,
      alone: isAlone(job),
      ...(skipped === undefined ? {} : { skipped }),
    };
  });
  let error: unknown = 'those before them took too long';
  while (!isClosed()) {
    if (isLate()) {
      logger?.error({ count: due.length, error }, 'jobs that were due have not been run');
      break;
    }
    try {
      return await runs.begin(beginning);
    } catch (failure) {
      error = failure;
      logger?.error({ count: due.length, error }, 'jobs that are due could not be begun yet');
    }
    await new Promise<void>((resolve) => timers.after(retryMs, resolve));
  }
  return new Map();
}
