import type { Presences } from '../core/presence.ts';
import type { Release } from '../core/release.ts';
import type { RouteTable } from '../core/route-table.ts';
import { buildRoutes } from '../core/routes.ts';
import { releasesBefore, servingReleases } from '../core/serving.ts';
import type { Address } from '../ports/runtime-reader.ts';
import type { JobSchedule } from './jobs/timetable.ts';
import type { PushSubscription } from './push/push-subscription.ts';
import { jobSchedules, pushSubscriptions } from './subscriptions.ts';
import { whileSame } from './while-same.ts';

/** What gateway, events and jobs have to know. */
export interface DerivedState {
  readonly table: RouteTable;
  readonly subscriptions: readonly PushSubscription[];
  readonly schedules: readonly JobSchedule[];
}

/**
 * What follows from what should be there and what is. Of the same nothing is made anew: thousands may sleep, and what is made at
 * every look outlives the young objects, so that the heap grows.
 */
export function createDerivation(project: string | undefined) {
  return whileSame(
    (
      releases: readonly Release[],
      addresses: readonly Address[],
      present: Presences,
      folders: ReadonlyMap<string, string>,
    ): DerivedState => {
      const serving = servingReleases(releases, present);
      const before = releasesBefore(releases, serving, present);
      return {
        table: buildRoutes({ releases: serving, before, addresses, present, folders }),
        subscriptions: pushSubscriptions(serving, present, project),
        schedules: jobSchedules(serving, present),
      };
    },
  );
}
