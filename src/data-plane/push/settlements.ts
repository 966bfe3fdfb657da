import type { DeliveryOutcome, EventBroker } from '../../ports/event-broker.ts';
import type { Logger } from '../../ports/logger.ts';

/** Gathers how deliveries ended, so that many share one write. */
export interface Settlements {
  add(outcome: DeliveryOutcome): void;
  /** Whatever the broker is asked from now on, it knows of all that was added so far. */
  write(): void;
  /** Resolves when everything added so far is written down, or given up. */
  flush(): Promise<void>;
}

/** Nobody waits for them; those that are not written down yet when Berth is killed are delivered once more. */
const gatherMs = 4;

export function createSettlements(
  broker: Pick<EventBroker, 'settle'>,
  logger: Logger | undefined,
): Settlements {
  const writing = new Set<Promise<void>>();
  let waiting: DeliveryOutcome[] = [];
  let timer: NodeJS.Timeout | undefined;

  const bring = async (outcomes: readonly DeliveryOutcome[]): Promise<void> => {
    try {
      await broker.settle(outcomes);
    } catch (error) {
      // Their leases run out, and they are delivered once more: that is what "at least once" allows.
      logger?.error({ count: outcomes.length, error }, 'deliveries could not be written down');
    }
  };
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const written = bring(waiting).finally(() => writing.delete(written));
    writing.add(written);
    waiting = [];
  };

  return {
    add(outcome) {
      waiting.push(outcome);
      timer ??= setTimeout(write, gatherMs);
    },
    write,
    async flush() {
      write();
      await Promise.all(writing);
    },
  };
}
