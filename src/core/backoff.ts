/** Doubling from `first` up to `max`. `attempt` counts from 1. */
export function backoffMs(
  attempt: number,
  limits: { readonly first: number; readonly max: number },
): number {
  return Math.min(limits.max, limits.first * 2 ** Math.min(30, Math.max(0, attempt - 1)));
}
