import type { EndedRun, JobRuns } from '../../ports/job-runs.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Timers } from './timers.ts';

/** Gathers how runs ended, so that many share one write. A run whose end is not written looks as if it went on for ever. */
export interface RunEnds {
  add(run: EndedRun): void;
  /** Resolves when everything added so far has been written, or could not be for now. */
  flush(): Promise<void>;
  /** Tries no more. */
  stop(): void;
}

const retryMs = 1_000;
/** Of one write, so that none holds up the others. */
const writtenAtOnce = 1_000;
const mostWaiting = 50_000;
/** Between two writes while many end: nobody waits for them, unless he says so. */
const gatherMs = 25;

export function createRunEnds({
  runs,
  timers,
  logger,
}: {
  readonly runs: Pick<JobRuns, 'end'>;
  readonly timers: Timers;
  readonly logger: Logger | undefined;
}): RunEnds {
  let waiting: EndedRun[] = [];
  let writing: Promise<void> | undefined;
  let stopRetry: (() => void) | undefined;
  let stopGathering = (): void => undefined;
  let inHurry = 0;

  const writeAll = async (): Promise<void> => {
    // All that end in one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const some = waiting.splice(0, writtenAtOnce);
      try {
        await runs.end(some);
      } catch (error) {
        logger?.error({ count: some.length, error }, 'ends of job runs could not be written yet');
        waiting = [...some, ...waiting].slice(-mostWaiting);
        stopRetry = timers.after(retryMs, write);
        break;
      }
      const isFew = waiting.length > 0 && waiting.length < writtenAtOnce;
      if (isFew && inHurry === 0) await gather();
    }
    writing = undefined;
  };
  const gather = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, gatherMs);
    stopGathering = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  };
  const write = (): void => {
    stopRetry?.();
    stopRetry = undefined;
    writing ??= writeAll();
  };

  return {
    add(run) {
      waiting.push(run);
      if (stopRetry === undefined) write();
    },
    async flush() {
      if (waiting.length > 0) write();
      inHurry += 1;
      stopGathering();
      await writing;
      inHurry -= 1;
    },
    stop: () => stopRetry?.(),
  };
}
