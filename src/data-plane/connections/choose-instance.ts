import type { InstanceAddress } from '../../core/route-table.ts';

/** The least busy instance; among equals each in turn. Never `except`, which has just refused a connection. */
export function chooseInstance(
  instances: readonly InstanceAddress[],
  load: (instanceId: string) => number,
  turn: number,
  except?: string,
): InstanceAddress | undefined {
  let best: InstanceAddress | undefined;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (let step = 0; step < instances.length; step++) {
    const candidate = instances[(turn + step) % instances.length];
    if (candidate === undefined || candidate.instanceId === except) continue;
    const own = load(candidate.instanceId);
    if (own < bestLoad) {
      best = candidate;
      bestLoad = own;
    }
  }
  return best;
}
