import { setTimeout as wait } from 'node:timers/promises';
import { describeFailure } from '../../core/failure.ts';
import type { CollectedLogs, LogStore } from '../../ports/log-store.ts';

/** Brings batches to the log store. One that fails is tried again for as long as whoever writes can be made to wait. */
export interface Delivery {
  /** One at a time. False where it was given up. */
  bring(batch: readonly CollectedLogs[]): Promise<boolean>;
  /** The store has taken nothing of what it was given for too long. */
  isStuck(): boolean;
  /** Why something is missing, for people. */
  readonly reason: string;
  /** From now on nothing is tried again. */
  close(): void;
}

const retryMs = 500;
const tooSlow = 'The log store was too slow.';

export function createDelivery(logs: Pick<LogStore, 'collect'>, patienceMs: number): Delivery {
  let stuckSince: number | undefined;
  let reason = tooSlow;
  let isClosing = false;
  const isStuck = (): boolean =>
    stuckSince !== undefined && performance.now() - stuckSince >= patienceMs;
  return {
    isStuck,
    async bring(batch) {
      if (stuckSince === undefined) reason = tooSlow;
      for (;;) {
        stuckSince ??= performance.now();
        try {
          await logs.collect(batch);
          stuckSince = undefined;
          return true;
        } catch (error) {
          reason = `The log store took nothing: ${describeFailure(error)}`;
          if (isStuck() || isClosing) return false;
          // The store itself keeps the process alive while it works.
          await wait(retryMs, undefined, { ref: false });
        }
      }
    },
    get reason() {
      return reason;
    },
    close() {
      isClosing = true;
    },
  };
}
