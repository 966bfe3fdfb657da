import { setMaxListeners } from 'node:events';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Call } from '../connections/callee.ts';
import { postTick, type TickAnswer } from './post-tick.ts';
import { createRunSlots } from './run-slots.ts';
import type { Timers } from './timers.ts';
import type { JobKey, JobSchedule } from './timetable.ts';

/** One run of a job and how it ended: with the application's status, or with the reason why there is none. */
export interface JobRun extends JobKey {
  readonly endpoint: string;
  readonly tickAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly status?: number;
  readonly error?: string;
}

export interface JobRunner {
  /** `current` is asked when the run begins, which may be later: the application may have moved by then. */
  run(current: () => JobSchedule, tickAt: number): Promise<JobRun>;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
  /** Ends what runs and begins nothing more. */
  stop(): void;
}

interface JobRunnerDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** Finds an instance, and waits for one where the application sleeps or starts. */
  readonly reach: (current: () => JobSchedule) => Promise<Call | undefined>;
  readonly onRun: (run: JobRun) => void;
  readonly logger: Logger | undefined;
}

/** All jobs together; the others wait for their turn. */
const runsAtOnce = 1_000;
/** One job whose runs never end must not take the places of all. */
const runsOfOneJob = 100;

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { clock, timers, timeoutMs, onRun, logger } = deps;
  const slots = createRunSlots(runsAtOnce);
  const stop = new AbortController();
  // Every run listens to it.
  setMaxListeners(0, stop.signal);
  const underWay = new Map<string, Set<Promise<JobRun>>>();

  const call = async (current: () => JobSchedule): Promise<TickAnswer> => {
    if (stop.signal.aborted) return { error: 'Berth stopped before it began.' };
    const found = await deps.reach(current);
    const { endpoint, failing } = current();
    if (found === undefined) return { error: failing ?? 'No instance of it is running.' };
    const { address, over } = found;
    const answer = await postTick({ address, endpoint, timeoutMs, timers, signal: stop.signal });
    over();
    return answer;
  };
  const runInTurn = (current: () => JobSchedule, tickAt: number): Promise<JobRun> =>
    slots.run(async () => {
      const startedAt = clock.now();
      const answer = await call(current);
      return report(toRun(current(), { tickAt, startedAt, finishedAt: clock.now() }, answer));
    });
  const report = (run: JobRun): JobRun => {
    try {
      onRun(run);
    } catch (error) {
      logger?.error({ error }, 'a run could not be reported');
    }
    return run;
  };

  return {
    async run(current, tickAt) {
      const job = current();
      const key = `${job.deploymentId}/${job.applicationName}`;
      const others = underWay.get(key) ?? new Set();
      if (others.size >= runsOfOneJob) {
        const now = clock.now();
        const error = `${others.size} runs of it are under way already.`;
        return report(toRun(job, { tickAt, startedAt: now, finishedAt: now }, { error }));
      }
      const run = runInTurn(current, tickAt);
      underWay.set(key, others.add(run));
      try {
        return await run;
      } finally {
        others.delete(run);
        if (others.size === 0) underWay.delete(key);
      }
    },
    async idle() {
      await Promise.all([...underWay.values()].flatMap((runs) => [...runs]));
    },
    stop: () => stop.abort(),
  };
}

function toRun(
  { deploymentId, applicationName, endpoint }: JobSchedule,
  times: Pick<JobRun, 'tickAt' | 'startedAt' | 'finishedAt'>,
  answer: TickAnswer,
): JobRun {
  return { deploymentId, applicationName, endpoint, ...times, ...answer };
}
