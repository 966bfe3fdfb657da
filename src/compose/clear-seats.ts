import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Runtime } from '../ports/runtime.ts';
import type { Store } from '../ports/store.ts';
import type { DataLayout } from './data-layout.ts';
import { endLeftovers } from './end-leftovers.ts';
import { type Seat, trySeat } from './seats.ts';

/** Sooner than the leases of the dead run out: what they have started must not run beside its repetition. */
const lookMs = 3_000;

interface ClearingDependencies {
  readonly store: Pick<Store, 'operations' | 'leases'>;
  readonly logger: Logger;
}

/** Ends what the one before in this seat left running, and then gives its operations to whoever is free. */
export async function clearSeat(
  { store, logger }: ClearingDependencies,
  { name }: Seat,
  runtime: Runtime,
): Promise<void> {
  const stopped = await endLeftovers(runtime);
  if (stopped > 0)
    logger.warn({ seat: name, stopped }, 'stopped scripts that an earlier process left running');
  await store.leases.releaseAll(name);
  await store.operations.release(name);
}

/** Clears the seats of those that died and that nobody has started again. */
export function startClearing(
  deps: ClearingDependencies & {
    readonly layout: DataLayout;
    /** Those of others. */
    readonly seats: readonly string[];
    /** What runs in the run folder of a seat. */
    readonly openRuntime: (seat: string) => Promise<Runtime>;
  },
): AsyncDisposable {
  const { layout, seats, logger, openRuntime } = deps;
  const clearVacant = async (): Promise<void> => {
    for (const name of seats) {
      if (!existsSync(layout.run(name))) continue;
      using seat = trySeat(layout, name);
      if (seat === undefined) continue;
      await using runtime = await openRuntime(name);
      await clearSeat(deps, seat, runtime);
    }
  };
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= clearVacant()
      .catch((error: unknown) =>
        logger.warn({ err: error }, 'could not clear up behind another control plane'),
      )
      .finally(() => {
        running = undefined;
      });
  }, lookMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
