export interface PlannedClaim {
  readonly topics: readonly string[];
  readonly limit: number;
}

/** Topics with as many free slots share a claim: whatever mixture comes back, each has a slot for all of its own. */
export function planClaims(
  topics: Iterable<string>,
  free: (topic: string) => number,
): readonly PlannedClaim[] {
  const byFree = new Map<number, string[]>();
  for (const topic of topics) {
    const slots = free(topic);
    if (slots > 0) byFree.set(slots, [...(byFree.get(slots) ?? []), topic]);
  }
  return [...byFree].map(([limit, together]) => ({ topics: together, limit }));
}
