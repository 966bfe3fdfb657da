import type { DeliveryOutcome, EventBroker } from '../../ports/event-broker.ts';
import type { Logger } from '../../ports/logger.ts';

/** Gathers how deliveries ended, so that many share one write. */
export interface Settlements {
  add(outcome: DeliveryOutcome): void;
  /** Resolves when everything added so far is written down, or given up. */
  flush(): Promise<void>;
}

export function createSettlements(
  broker: Pick<EventBroker, 'settle'>,
  logger: Logger | undefined,
): Settlements {
  let waiting: DeliveryOutcome[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    // All that end in one turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const outcomes = waiting;
      waiting = [];
      try {
        await broker.settle(outcomes);
      } catch (error) {
        // Their leases run out, and they are delivered once more: that is what "at least once" allows.
        logger?.error({ count: outcomes.length, error }, 'deliveries could not be written down');
      }
    }
    writing = undefined;
  };

  return {
    add(outcome) {
      waiting.push(outcome);
      writing ??= writeAll();
    },
    flush: async () => writing,
  };
}
