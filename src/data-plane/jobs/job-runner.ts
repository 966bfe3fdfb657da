import { type JobRunState, stateOfAnswer } from '../../core/job-run.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Caller } from '../connections/callee.ts';
import type { OpenedSockets } from '../connections/opened-sockets.ts';
import { postTick, type TickAnswer } from './post-tick.ts';
import { createRunSlots } from './run-slots.ts';
import type { Timers } from './timers.ts';
import type { JobKey, JobSchedule } from './timetable.ts';

/** A run that has begun and how it ended: with the application's status, or with the reason why there is none. */
export interface FinishedRun extends JobKey {
  readonly id: string;
  readonly endpoint: string;
  readonly scheduledFor: number;
  readonly state: Exclude<JobRunState, 'requested' | 'running' | 'skipped'>;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly status?: number;
  readonly error?: string;
}

export interface Beginning {
  readonly id: string;
  /** Asked when the run begins, which may be later: the application may have moved by then. */
  readonly current: () => JobSchedule;
  readonly scheduledFor: number;
}

export interface JobRunner {
  countOf(job: JobKey): number;
  run(beginning: Beginning): Promise<void>;
  /** Gives up what runs of a job. */
  replaceAll(job: JobKey): void;
  /** Something may run now that did not before. */
  hint(): void;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
  /** Ends what runs and begins nothing more. */
  stop(): void;
}

interface JobRunnerDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
  readonly call: Caller;
  readonly sockets: Pick<OpenedSockets, 'connectTo'>;
  /** Called while a job is due of which nothing runs. */
  readonly onAwaited: (job: JobSchedule) => void;
  /** How long a run waits for an instance. */
  readonly startMs: number;
  readonly onRun: (run: FinishedRun) => void;
  readonly logger: Logger | undefined;
}

/** All jobs together; the others wait for their turn. */
const runsAtOnce = 1_000;

/** Why a run was given up. */
type GivenUp = 'replaced' | 'interrupted';

interface UnderWay {
  readonly job: JobKey;
  readonly giveUp: AbortController;
  readonly over: Promise<void>;
}

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { clock, timers, timeoutMs, sockets, onRun, logger } = deps;
  const slots = createRunSlots(runsAtOnce);
  const underWay = new Map<string, Set<UnderWay>>();
  const waitingForInstance = new Set<() => void>();
  let isStopped = false;

  /** It wakes, or starts again after an end: as long as a start may take. */
  const waitForInstance = (current: Beginning['current'], signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (hasNews(current())) resolve();
      else deps.onAwaited(current());
    };
    waitingForInstance.add(check);
    const stopWaiting = timers.after(deps.startMs, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    check();
    return promise.finally(() => {
      stopWaiting();
      waitingForInstance.delete(check);
    });
  };
  const call = async (job: JobSchedule, signal: AbortSignal): Promise<TickAnswer> => {
    const found = deps.call(job);
    if (found === undefined) return { error: job.failing ?? 'No instance of it is running.' };
    const { address, over } = found;
    const { endpoint } = job;
    const answer = await postTick({ address, endpoint, timeoutMs, timers, signal, sockets });
    over();
    return answer;
  };
  const carryOut = async (
    { id, current, scheduledFor }: Beginning,
    signal: AbortSignal,
  ): Promise<void> => {
    if (!hasNews(current())) await waitForInstance(current, signal);
    await slots.run(async () => {
      const job = current();
      const startedAt = clock.now();
      const began = !signal.aborted;
      const answer = began ? await call(job, signal) : { error: '' };
      const { deploymentId, applicationName, endpoint } = job;
      report({
        ...{ id, deploymentId, applicationName, endpoint, scheduledFor, startedAt },
        finishedAt: clock.now(),
        ...outcomeOf(answer, signal, began),
      });
    });
  };
  const report = (run: FinishedRun): void => {
    try {
      onRun(run);
    } catch (error) {
      logger?.error({ error }, 'a run could not be reported');
    }
  };
  const all = (): readonly UnderWay[] => [...underWay.values()].flatMap((runs) => [...runs]);

  return {
    countOf: (job) => underWay.get(keyOf(job))?.size ?? 0,
    async run(beginning) {
      const job = beginning.current();
      const key = keyOf(job);
      const giveUp = new AbortController();
      if (isStopped) giveUp.abort('interrupted' satisfies GivenUp);
      const over = carryOut(beginning, giveUp.signal);
      const run: UnderWay = { job, giveUp, over };
      const runs = underWay.get(key) ?? new Set();
      underWay.set(key, runs.add(run));
      try {
        await over;
      } finally {
        runs.delete(run);
        if (runs.size === 0 && underWay.get(key) === runs) underWay.delete(key);
      }
    },
    replaceAll(job) {
      for (const { giveUp } of underWay.get(keyOf(job)) ?? [])
        giveUp.abort('replaced' satisfies GivenUp);
    },
    hint() {
      for (const check of [...waitingForInstance]) check();
    },
    async idle() {
      await Promise.all(all().map(({ over }) => over));
    },
    stop() {
      isStopped = true;
      for (const { giveUp } of all()) giveUp.abort('interrupted' satisfies GivenUp);
    },
  };
}

function hasNews({ instances, failing }: JobSchedule): boolean {
  return instances.length > 0 || failing !== undefined;
}

function outcomeOf(
  answer: TickAnswer,
  { aborted, reason }: AbortSignal,
  began: boolean,
): Pick<FinishedRun, 'state' | 'status' | 'error'> {
  if ('status' in answer) return { state: stateOfAnswer(answer.status), status: answer.status };
  if (!aborted) return { state: 'failed', error: answer.error };
  if ((reason as GivenUp) === 'replaced')
    return { state: 'replaced', error: 'A later run of it took its place.' };
  return {
    state: 'interrupted',
    error: `Berth stopped before it ${began ? 'answered' : 'began'}.`,
  };
}

function keyOf({ deploymentId, applicationName }: JobKey): string {
  return `${deploymentId}/${applicationName}`;
}
