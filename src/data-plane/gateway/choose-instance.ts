import type { InstanceAddress } from '../../core/route-table.ts';

/**
 * The least busy instance; among equals each in turn. `refusedBy` just refused a connection: taken only where it
 * is the only one.
 */
export function chooseInstance(
  instances: readonly InstanceAddress[],
  load: (instanceId: string) => number,
  turn: number,
  refusedBy?: string,
): InstanceAddress | undefined {
  const others = instances.filter(({ instanceId }) => instanceId !== refusedBy);
  const candidates = others.length > 0 ? others : instances;
  const start = turn % Math.max(1, candidates.length);
  let best: InstanceAddress | undefined;
  for (const candidate of [...candidates.slice(start), ...candidates.slice(0, start)]) {
    if (best === undefined || load(candidate.instanceId) < load(best.instanceId)) best = candidate;
  }
  return best;
}
