/** A run that is late for once has company that is not. */
const window = 5;

/** Runs of a job at every interval, by when they arrived: how many ticks ran, and what was wrong. */
export function judgeTicks(
  arrivals: readonly number[],
  intervalMs: number,
): { readonly tried: number; readonly failed: readonly string[] } {
  const sorted = arrivals.toSorted((one, other) => one - other);
  // The first of all ticks: one run may be late, but hardly all of the first few.
  const first = Math.min(
    ...sorted.slice(0, window).map((at, index) => Math.floor(at / intervalMs) - index),
  );
  const lateness = sorted.map((at, index) => at - (first + index) * intervalMs);
  const twice = lateness.findIndex((ms) => ms < 0);
  const steady = lateness
    .slice(window - 1)
    .map((_, index) => Math.min(...lateness.slice(index, index + window)));
  const missing = Math.floor(Math.max(0, ...steady) / intervalMs);
  return {
    tried: sorted.length,
    failed: [
      ...(twice === -1 ? [] : [`run ${twice + 1} came before its tick: one has run twice`]),
      ...(missing === 0 ? [] : [`${missing} ticks have never run`]),
    ],
  };
}
