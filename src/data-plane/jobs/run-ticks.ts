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
    const some = due.slice(at, at + begunAtOnce);
    const begun = await beginSome(deps, some, noticedAt);
    if (begun === undefined) {
      const count = due.length - at;
      deps.logger?.error({ count }, 'jobs that were due have not been run');
      break;
    }
    running.push(...begun);
    // What has begun gets a turn to be sent, and what has ended to be over, before more begins.
    await turn();
  }
  await Promise.all(running);
}

async function beginSome(
  deps: TickDeps,
  due: readonly Due[],
  noticedAt: number,
): Promise<readonly Promise<void>[] | undefined> {
  // What has ended here may still run for the store.
  if (due.some(({ job }) => isAlone(job))) await deps.ends.flush();
  const begun = await claim(deps, due, noticedAt);
  if (begun === undefined) return undefined;
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

/**
 * A store that is away for a moment costs no tick. Until it is late: then it is a missed one, and so are those behind it.
 * @returns undefined where it is
 */
async function claim(
  { runs, runner, clock, timers, plane, isClosed, logger }: TickDeps,
  due: readonly Due[],
  noticedAt: number,
): Promise<Awaited<ReturnType<JobRuns['begin']>> | undefined> {
  const startedAt = clock.now();
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
  while (!isClosed()) {
    try {
      return await runs.begin(beginning);
    } catch (error) {
      logger?.error({ count: due.length, error }, 'jobs that are due could not be begun yet');
      if (clock.now() - noticedAt > onTimeMs) return undefined;
    }
    await new Promise<void>((resolve) => timers.after(retryMs, resolve));
  }
  return new Map();
}
