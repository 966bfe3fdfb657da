import type { Call, Caller } from '../connections/callee.ts';
import type { Timers } from './timers.ts';
import type { JobSchedule } from './timetable.ts';

/** Runs that wait for an instance of their application: it sleeps, or has just ended. */
export interface Arrivals {
  /** @returns undefined where there was none in time, or is none to be expected */
  reach(current: () => JobSchedule): Promise<Call | undefined>;
  /** Something may run now that did not. */
  look(): void;
}

interface ArrivalsDeps {
  readonly call: Caller;
  readonly onAwaited: (job: JobSchedule) => void;
  readonly startMs: number;
}

export function createArrivals(
  { call, onAwaited, startMs }: ArrivalsDeps,
  timers: Timers,
): Arrivals {
  const waiting = new Set<() => void>();

  return {
    async reach(current) {
      if (hasNews(current())) return call(current());
      onAwaited(current());
      await new Promise<void>((resolve) => {
        const leave = (): void => {
          stopWaiting();
          waiting.delete(look);
          resolve();
        };
        const look = (): void => {
          if (hasNews(current())) leave();
        };
        const stopWaiting = timers.after(startMs, leave);
        waiting.add(look);
      });
      return call(current());
    },
    look() {
      for (const look of [...waiting]) look();
    },
  };
}

function hasNews({ instances, failing }: JobSchedule): boolean {
  return instances.length > 0 || failing !== undefined;
}
