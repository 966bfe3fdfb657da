import { type JobRun, requestedRunLivesMs, skippedBecauseOverlapping } from '../../core/job-run.ts';
import type { Clock } from '../../ports/clock.ts';
import type { JobRuns } from '../../ports/job-runs.ts';
import type { JobRunner } from './job-runner.ts';
import { isAlone, startRun, whySkipped } from './overlap.ts';
import type { RunEnds } from './run-ends.ts';
import { canRun, type JobSchedule, type Timetable } from './timetable.ts';

export interface RequestDeps {
  readonly runs: Pick<JobRuns, 'requested' | 'take' | 'end'>;
  readonly runner: JobRunner;
  readonly ends: Pick<RunEnds, 'flush'>;
  readonly timetable: Pick<Timetable, 'find'>;
  readonly clock: Clock;
  readonly plane: string;
}

const takenAtOnce = 500;

interface Request {
  readonly run: JobRun;
  readonly job: JobSchedule;
  /** Why it does not run at all. */
  readonly skipped?: string | undefined;
}

/**
 * Takes the runs that were asked for, as far as something of their job runs here. What nobody could begin for too long is
 * skipped. @returns what runs by that
 */
export async function runRequests(deps: RequestDeps): Promise<readonly Promise<void>[]> {
  const { runs, runner, ends, timetable, clock, plane } = deps;
  const requested = await runs.requested(takenAtOnce);
  if (requested.length === 0) return [];
  const startedAt = clock.now();
  const late = requested.filter((run) => startedAt - run.scheduledFor > requestedRunLivesMs);
  const able = decide(deps, new Set(requested).difference(new Set(late)));
  const free = able.filter(({ skipped }) => skipped === undefined);
  // What has ended here may still run for the store.
  if (free.some(({ job }) => isAlone(job))) await ends.flush();
  const taken = await runs.take(
    free.map(({ run: { id }, job }) => ({ id, plane, startedAt, alone: isAlone(job) })),
  );
  await skip(deps, [
    ...late.map((run) => ({ run, skipped: 'Nothing of it ran within 10 minutes.' })),
    ...able.filter(({ skipped }) => skipped !== undefined),
    ...free
      .filter(({ run, job }) => isAlone(job) && !taken.has(run.id))
      .map(({ run }) => ({ run, skipped: skippedBecauseOverlapping })),
  ]);
  return free
    .filter(({ run }) => taken.has(run.id))
    .map(({ run: { id, scheduledFor }, job }) =>
      startRun(runner, { id, job, scheduledFor, current: () => timetable.find(job) ?? job }),
    );
}

/** Of several that must be alone the first one runs. */
function decide(
  { runner, timetable }: RequestDeps,
  requested: ReadonlySet<JobRun>,
): readonly Request[] {
  const alone = new Set<JobSchedule>();
  return [...requested].flatMap((run): readonly Request[] => {
    const job = timetable.find(run);
    if (job === undefined || !canRun(job)) return [];
    const skipped = alone.has(job) ? skippedBecauseOverlapping : whySkipped(job, runner);
    if (isAlone(job)) alone.add(job);
    return [{ run, job, skipped }];
  });
}

async function skip(
  { runs, clock }: RequestDeps,
  skipped: readonly Pick<Request, 'run' | 'skipped'>[],
): Promise<void> {
  const finishedAt = clock.now();
  await runs.end(
    skipped.map(({ run: { id }, skipped: reason = '' }) => ({
      id,
      from: 'requested',
      state: 'skipped',
      finishedAt,
      reason,
    })),
  );
}
