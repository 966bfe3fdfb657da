import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { leaseMs } from '../../core/operation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';

/** How soon a place that became free is seen. A build takes seconds. */
const lookMs = 250;

export interface LeasedTurns {
  /** `onWait` is called once where there is no place now. @throws the signal's reason */
  take(signal: AbortSignal, onWait?: () => void): Promise<Disposable>;
}

/** So many at once, of all processes that share the store. */
export function createLeasedTurns(deps: {
  readonly store: Pick<Store, 'leases'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pool: string;
  readonly size: number;
  readonly worker: string;
}): LeasedTurns {
  const { store, clock, logger, pool, size, worker } = deps;

  const hold = (holder: string): Disposable => {
    const heartbeat = setInterval(() => {
      store.leases
        .renew({ holder, until: clock.now() + leaseMs })
        .catch((error: unknown) => logger.warn({ err: error, pool }, 'could not renew a lease'));
    }, leaseMs / 3);
    return {
      [Symbol.dispose]() {
        clearInterval(heartbeat);
        // Where that fails it runs out by itself.
        store.leases
          .release(holder)
          .catch((error: unknown) => logger.warn({ err: error, pool }, 'could not end a lease'));
      },
    };
  };
  return {
    async take(signal, onWait) {
      const holder = randomUUID();
      for (let isFirst = true; ; isFirst = false) {
        signal.throwIfAborted();
        const now = clock.now();
        const use = { pool, size, holder, worker, now, until: now + leaseMs };
        if (await store.leases.take(use)) return hold(holder);
        if (isFirst) onWait?.();
        await wait(lookMs, undefined, { signal });
      }
    },
  };
}
