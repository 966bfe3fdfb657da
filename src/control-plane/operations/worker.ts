import { leaseMs, type Operation } from '../../core/operation.ts';
import { CancelRequested } from '../../core/store-failure.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';

export interface WorkerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of nobody else alive: whoever else holds a lease under it is dead. */
  readonly workerId: string;
  readonly concurrency: number;
  /** Also called for one that is still queued and to be cancelled. */
  readonly run: (
    operation: Operation,
    signals: { readonly stopped: AbortSignal; readonly cancelled: AbortSignal },
  ) => Promise<void>;
}

/** How long at most an operation waits for a hint that was lost. */
const pollMs = 500;

/** Claims operations and runs them, as many at once as allowed. Disposing stops them between or inside steps. */
export function startWorker(options: WorkerOptions): AsyncDisposable {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const cancels = new Map<string, AbortController>();
  const cancelling = new Map<string, Promise<void>>();
  let filling: Promise<void> | undefined;
  let again = false;

  const fill = async (): Promise<void> => {
    while (!stopping.signal.aborted && running.size < options.concurrency) {
      const operation = await claim(options);
      if (operation === undefined) return;
      const cancel = new AbortController();
      cancels.set(operation.id, cancel);
      const signals = { stopped: stopping.signal, cancelled: cancel.signal };
      const work = runLeased(options, operation, signals).finally(() => {
        running.delete(work);
        cancels.delete(operation.id);
        look();
      });
      running.add(work);
    }
  };
  const cancelAsked = async (): Promise<void> => {
    for (const operation of await options.store.operations.cancelRequests()) {
      const { id, state } = operation;
      if (state === 'running') cancels.get(id)?.abort(new CancelRequested(id));
      else if (!cancelling.has(id)) {
        // Nobody waits for it: others are to be claimed meanwhile.
        const work = cancelQueued(options, operation, stopping.signal);
        cancelling.set(
          id,
          work.finally(() => cancelling.delete(id)),
        );
      }
    }
  };
  const look = (): void => {
    again = true;
    filling ??= (async () => {
      while (again && !stopping.signal.aborted) {
        again = false;
        await fill().catch((error) =>
          options.logger.error({ err: error }, 'could not claim an operation'),
        );
        await cancelAsked().catch((error) =>
          options.logger.error({ err: error }, 'could not see what is to be cancelled'),
        );
      }
      filling = undefined;
    })();
  };

  const unwatch = options.store.watch(look);
  const timer = setInterval(look, pollMs);
  look();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('The control plane stops'));
      clearInterval(timer);
      unwatch();
      await filling;
      await Promise.all([...running, ...cancelling.values()]);
      await options.store.operations.release(options.workerId);
    },
  };
}

function claim({ store, clock, workerId }: WorkerOptions): Promise<Operation | undefined> {
  const now = clock.now();
  return store.operations.claim({ worker: workerId, now, leaseUntil: now + leaseMs });
}

/** It needs no lease and waits for no free worker; its end is refused where somebody has claimed it meanwhile. */
async function cancelQueued(
  options: WorkerOptions,
  operation: Operation,
  stopped: AbortSignal,
): Promise<void> {
  try {
    await options.run(operation, { stopped, cancelled: AbortSignal.abort() });
  } catch (error) {
    options.logger.error(
      { err: error, operation: operation.id },
      'operation could not be cancelled',
    );
  }
}

async function runLeased(
  options: WorkerOptions,
  operation: Operation,
  { stopped, cancelled }: Parameters<WorkerOptions['run']>[1],
): Promise<void> {
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    renew(options, operation).then(
      (held) => held || lost.abort(new Error('Another worker has taken over')),
      (error) => options.logger.warn({ err: error }, 'could not renew a lease'),
    );
  }, leaseMs / 3);
  try {
    options.logger.info(
      { operation: operation.id, kind: operation.input.kind },
      'operation started',
    );
    await options.run(operation, {
      stopped: AbortSignal.any([stopped, lost.signal]),
      cancelled,
    });
  } catch (error) {
    options.logger.error({ err: error, operation: operation.id }, 'operation run broke');
  } finally {
    clearInterval(heartbeat);
  }
}

function renew({ store, clock }: WorkerOptions, operation: Operation): Promise<boolean> {
  const { id, attempt } = operation;
  return store.operations.renew({ operationId: id, attempt, leaseUntil: clock.now() + leaseMs });
}
