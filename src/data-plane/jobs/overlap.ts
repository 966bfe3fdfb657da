import { skippedBecauseOverlapping } from '../../core/job-run.ts';
import type { JobRunner } from './job-runner.ts';
import type { JobSchedule } from './timetable.ts';

/** One job whose runs never end must not take the places of all. */
const runsOfOneJob = 100;

/** Why a run of the job may not begin now, as far as this data plane can tell. What others run, the store knows. */
export function whySkipped(
  job: JobSchedule,
  runner: Pick<JobRunner, 'countOf'>,
): string | undefined {
  const count = runner.countOf(job);
  if (count > 0 && isAlone(job)) return skippedBecauseOverlapping;
  if (count >= runsOfOneJob && job.overlapPolicy !== 'replace')
    return `${count} runs of it were under way already.`;
  return undefined;
}

export function isAlone({ overlapPolicy }: JobSchedule): boolean {
  return overlapPolicy === 'forbid';
}

/** Begins what the store has said may begin. */
export function startRun(
  runner: JobRunner,
  given: {
    readonly id: string;
    readonly job: JobSchedule;
    readonly current: () => JobSchedule;
    readonly scheduledFor: number;
  },
): Promise<void> {
  if (given.job.overlapPolicy === 'replace') runner.replaceAll(given.job);
  return runner.run(given);
}
