import type { JobRun, JobRunState } from '../core/job-run.ts';

/**
 * The history of jobs, and where data planes agree who runs what. Thousands can be due in one moment, so each call takes
 * many and is one commit, durable when it resolves.
 */
export interface JobRuns {
  get(projectKey: string, id: string): Promise<JobRun | undefined>;
  /** Newest first. */
  query(
    projectKey: string,
    page: JobRunFilter & { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly total: number; readonly results: readonly JobRun[] }>;
  /** What data planes are asked to run, the oldest first. */
  requested(limit: number): Promise<readonly JobRun[]>;
  /**
   * Begins the runs of ticks: each tick has one run, whoever asks. A run that must be `alone` begins as skipped where such a
   * run of its job is under way. Absent in what is answered: the tick is somebody else's, or the Deployment is gone. Whoever
   * asks again, not knowing whether it was done, gets the same answer.
   */
  begin(runs: readonly BeginningRun[]): Promise<ReadonlyMap<string, 'running' | 'skipped'>>;
  /** Takes requested runs, each of which one data plane gets. Left out: another one has it, or it would not be alone. */
  take(runs: readonly TakenRun[]): Promise<ReadonlySet<string>>;
  /** Ends those that are still in the state that is named. */
  end(runs: readonly EndedRun[]): Promise<void>;
  /** Ends what a data plane had under way that is dead. @returns how many */
  interrupt(of: {
    readonly plane: string;
    readonly at: number;
    readonly reason: string;
  }): Promise<number>;
}

export interface JobRunFilter {
  readonly deploymentId: string;
  readonly applicationName?: string;
  /** Any of them; all if left out. */
  readonly states?: readonly JobRunState[];
}

export interface BeginningRun extends TakenRun {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly trigger: 'schedule' | 'missed-schedule';
  readonly tickAt: number;
  /** Why it is skipped at once. */
  readonly skipped?: string;
}

export interface TakenRun {
  readonly id: string;
  /** The seat of the data plane that runs it. */
  readonly plane: string;
  readonly startedAt: number;
  /** Never beside another run of its job that must be alone. */
  readonly alone: boolean;
}

export interface EndedRun {
  readonly id: string;
  readonly from: 'requested' | 'running';
  readonly state: Exclude<JobRunState, 'requested' | 'running'>;
  /** When it really began; absent: as it is written, or never. */
  readonly startedAt?: number;
  readonly finishedAt: number;
  readonly status?: number;
  readonly reason?: string;
}
