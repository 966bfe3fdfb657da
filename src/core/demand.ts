import type { ReleaseState } from './release.ts';
import type { Scaling } from './scaling.ts';

/** What is known of an application of a release when its number of instances is decided. */
export interface Demand {
  readonly state: ReleaseState;
  readonly scaling: Scaling;
  readonly running: number;
  /** It must show that it runs. */
  readonly mayNotSleep: boolean;
  /** Since anybody asked anything of it. */
  readonly idleForMs: number;
  /** The most requests that were under way at once, of late. */
  readonly busiest: number;
}

/** Above so many requests under way at each instance another one helps: 60 % of the 80 that a hosted instance takes. */
export const requestsForOne = 48;

/**
 * @param idleMs after how long without requests an application sleeps; undefined: never
 * @returns how many instances should run
 */
export function wantedInstances(demand: Demand, idleMs: number | undefined): number {
  const { state, running, mayNotSleep, idleForMs, busiest } = demand;
  const { minInstances, maxInstances } = demand.scaling;
  switch (state) {
    case 'candidate':
      // It must show that it runs.
      return Math.max(1, minInstances);
    case 'draining':
      // What it has left to answer it answers with what runs.
      return running;
    case 'current': {
      const isAwake = mayNotSleep || idleMs === undefined || idleForMs < idleMs;
      if (!isAwake) return minInstances;
      const needed = Math.max(1, Math.ceil(busiest / requestsForOne));
      return Math.max(minInstances, Math.min(needed, maxInstances));
    }
    default:
      return state satisfies never;
  }
}
