import type { EndedRun, JobRuns } from '../../ports/job-runs.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Timers } from './timers.ts';

/** Gathers how runs ended, so that many share one write. A run whose end is not written looks as if it went on for ever. */
export interface RunEnds {
  add(run: EndedRun): void;
  /** Resolves when everything added so far has been written, or could not be for now. What is added meanwhile it does not wait for. */
  flush(): Promise<void>;
  /** Tries no more. */
  stop(): void;
}

const retryMs = 1_000;
/** Of one write, so that none holds up the others. */
const writtenAtOnce = 1_000;
const mostWaiting = 50_000;

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
  let isWriting = false;
  let stopRetry: (() => void) | undefined;
  /** How many there were, and how many of them have been written. */
  let added = 0;
  let written = 0;
  let flushes: { readonly upTo: number; readonly done: () => void }[] = [];

  const writeAll = async (): Promise<void> => {
    // All that end in one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const some = waiting.splice(0, writtenAtOnce);
      try {
        await runs.end(some);
      } catch (error) {
        logger?.error({ count: some.length, error }, 'ends of job runs could not be written yet');
        const all = [...some, ...waiting];
        waiting = all.slice(-mostWaiting);
        written += all.length - waiting.length;
        stopRetry = timers.after(retryMs, write);
        endFlushes(added);
        break;
      }
      written += some.length;
      endFlushes(written);
    }
    isWriting = false;
  };
  const endFlushes = (upTo: number): void => {
    const over = flushes.filter((flush) => flush.upTo <= upTo);
    flushes = flushes.filter((flush) => flush.upTo > upTo);
    for (const { done } of over) done();
  };
  const write = (): void => {
    stopRetry?.();
    stopRetry = undefined;
    if (isWriting) return;
    isWriting = true;
    void writeAll();
  };

  return {
    add(run) {
      waiting.push(run);
      added += 1;
      if (stopRetry === undefined) write();
    },
    async flush() {
      if (written === added) return;
      write();
      await new Promise<void>((done) => flushes.push({ upTo: added, done }));
    },
    stop: () => stopRetry?.(),
  };
}
