import type { InFlight } from '../connections/in-flight.ts';

/** What is asked of an application, as far as it decides how many instances run. */
export interface Traffic {
  /** Takes notice of what its instances are doing. To be called about once a second. */
  look(instances: readonly { readonly id: string; readonly isStarting: boolean }[]): void;
  /** Somebody waits for it. */
  ask(): void;
  demand(): { readonly idleForMs: number; readonly busiest: number };
}

/** What was the most at once counts for this long, at least: instances that come and go with every lull help nobody. */
const memoryMs = 60_000;

const nobody: ReadonlyMap<string, number> = new Map();

export function createTraffic(
  inFlight: Pick<InFlight, 'ofInstance' | 'begunAt'>,
  { isFresh }: { readonly isFresh: boolean },
): Traffic {
  let askedAt = isFresh ? performance.now() : Number.NEGATIVE_INFINITY;
  /** How many requests each instance had been sent when it was last looked at. */
  let seen = nobody;
  let busiest = 0;
  let busiestBefore = 0;
  let turnedAt = performance.now();

  const turn = (now: number): void => {
    if (now - turnedAt < memoryMs) return;
    busiestBefore = now - turnedAt < 2 * memoryMs ? busiest : 0;
    busiest = 0;
    turnedAt = now;
  };
  return {
    look(instances) {
      const now = performance.now();
      turn(now);
      const underWay = instances.reduce((total, { id }) => total + inFlight.ofInstance(id), 0);
      const wasAsked = instances.some(({ id }) => inFlight.begunAt(id) > (seen.get(id) ?? 0));
      const isStarting = instances.some((instance) => instance.isStarting);
      if (underWay > 0 || wasAsked || isStarting) askedAt = now;
      seen =
        instances.length === 0
          ? nobody
          : new Map(instances.map(({ id }) => [id, inFlight.begunAt(id)]));
      busiest = Math.max(busiest, underWay);
    },
    ask: () => {
      askedAt = performance.now();
    },
    demand: () => ({
      idleForMs: performance.now() - askedAt,
      busiest: Math.max(busiest, busiestBefore),
    }),
  };
}
