import type { LocalAddress } from '../core/local-address.ts';
import type { Release } from '../core/release.ts';
import type { JobSchedule } from './jobs/timetable.ts';
import type { PushSubscription } from './push/push-subscription.ts';

type AddressOf = (release: Release, application: string) => LocalAddress | undefined;

/** Messages of a topic go to the release that serves. */
export function pushSubscriptions(
  serving: readonly Release[],
  addressOf: AddressOf,
): readonly PushSubscription[] {
  return serving.flatMap((release) =>
    release.applications.flatMap((application) => {
      if (application.topic === undefined) return [];
      const address = addressOf(release, application.name);
      return [
        {
          topic: application.topic,
          project: release.projectKey,
          deploymentId: release.deploymentId,
          applicationName: application.name,
          endpoint: application.endpoint,
          ...(address === undefined ? {} : { address }),
          ...(application.retryPolicy === undefined
            ? {}
            : { retryPolicy: application.retryPolicy }),
        },
      ];
    }),
  );
}

export function jobSchedules(
  serving: readonly Release[],
  addressOf: AddressOf,
): readonly JobSchedule[] {
  return serving.flatMap((release) =>
    release.applications.flatMap((application) => {
      if (application.schedule === undefined) return [];
      const address = addressOf(release, application.name);
      return [
        {
          deploymentId: release.deploymentId,
          applicationName: application.name,
          schedule: application.schedule,
          endpoint: application.endpoint,
          deployedAt: release.createdAt,
          ...(address === undefined ? {} : { address }),
        },
      ];
    }),
  );
}
