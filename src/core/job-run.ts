import type { ApplicationType } from './application.ts';

/**
 * A run of a job application: at a tick of its schedule, or because somebody asked for it. `interrupted`: Berth ended before
 * it did, so nobody knows how it would have ended.
 */
export interface JobRun {
  readonly id: string;
  readonly projectKey: string;
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly trigger: JobRunTrigger;
  readonly state: JobRunState;
  /** Its tick, or when it was asked for; ms since the epoch, as all times here. */
  readonly scheduledFor: number;
  /** The API client that asked for it. */
  readonly requestedBy?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** What the application answered. */
  readonly status?: number;
  /** Why there is no answer, or no run. */
  readonly reason?: string;
}

export const jobRunStates = [
  'requested',
  'running',
  'succeeded',
  'failed',
  'skipped',
  'replaced',
  'interrupted',
] as const;
export type JobRunState = (typeof jobRunStates)[number];

/** missed-schedule: its tick passed while no data plane ran, and the job makes up for that. */
export const jobRunTriggers = ['schedule', 'missed-schedule', 'request'] as const;
export type JobRunTrigger = (typeof jobRunTriggers)[number];

/** What becomes of a run that is due while another one of the same job is under way. */
export const overlapPolicies = ['allow', 'forbid', 'replace'] as const;
export type OverlapPolicy = (typeof overlapPolicies)[number];

/** What becomes of ticks that passed while no data plane ran. */
export const missedRunPolicies = ['skip', 'once'] as const;
export type MissedRunPolicy = (typeof missedRunPolicies)[number];

/** How a job runs, beside when. What is left out is as where Connect is hosted: `allow`, `skip`. */
export interface RunPolicies {
  readonly overlapPolicy?: OverlapPolicy;
  readonly missedRuns?: MissedRunPolicy;
}

export function runPolicies({ overlapPolicy, missedRuns }: RunPolicies): RunPolicies {
  return {
    ...(overlapPolicy === undefined ? {} : { overlapPolicy }),
    ...(missedRuns === undefined ? {} : { missedRuns }),
  };
}

/** Of each job, so many at its ticks and so many that were asked for: the newest. A tick is known to have run while it is among them. */
export const keptRunsOfOneJob = 1_000;

/** So many may wait for the data plane, of one job. */
export const maxRequestedRuns = 100;

/** Whoever asked does not wait any longer. */
export const requestedRunLivesMs = 10 * 60_000;

export const skippedBecauseOverlapping =
  'Another run of it was under way, and its overlap policy is "forbid".';

/** Why a job cannot be asked to run; undefined where it can. */
export function whyNotRunnable(job: {
  readonly type: ApplicationType | undefined;
  readonly isDeployed: boolean;
  readonly isUndeploying: boolean;
  readonly waiting: number;
}): string | undefined {
  if (job.type !== 'job') return 'it is no job application';
  if (!job.isDeployed) return 'it has never been deployed successfully';
  if (job.isUndeploying) return 'its Deployment is on its way out';
  if (job.waiting >= maxRequestedRuns) return `${job.waiting} runs of it wait already`;
  return undefined;
}

export function hasRunEnded({ state }: Pick<JobRun, 'state'>): boolean {
  return state !== 'requested' && state !== 'running';
}

/** As Cloud Scheduler sees it: an answer of 2xx is a success, and everything else is none. */
export function stateOfAnswer(status: number): 'succeeded' | 'failed' {
  return status >= 200 && status < 300 ? 'succeeded' : 'failed';
}
