import type { MendDependencies } from '../control-plane/operations/mend-artifacts.ts';
import { type HousekeepingDependencies, startHousekeeping } from './housekeeping.ts';
import { startMending } from './mending.ts';

export interface Chores extends AsyncDisposable {
  /** An operation has ended: there may be something to throw away. */
  hint(): void;
}

/** What one control plane does for all: keeps the house, and mends what is missing in it. */
export function startChores(
  deps: Omit<HousekeepingDependencies, 'busySince'> & MendDependencies,
): Chores {
  const { store, clock } = deps;
  let mendingSince: number | undefined;
  const stack = new AsyncDisposableStack();
  const housekeeping = stack.use(
    startHousekeeping({
      ...deps,
      busySince: async () => {
        const since = (await store.operations.runningSince()) ?? Number.POSITIVE_INFINITY;
        return Math.min(since, mendingSince ?? Number.POSITIVE_INFINITY, clock.now());
      },
    }),
  );
  stack.use(
    startMending(deps, async (work) => {
      mendingSince = clock.now();
      await work().finally(() => {
        mendingSince = undefined;
      });
      housekeeping.hint();
    }),
  );
  return { hint: housekeeping.hint, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
