import { runPolicies } from '../core/job-run.ts';
import { absent, type Presences } from '../core/presence.ts';
import { applicationKey } from '../core/reconcile.ts';
import type { Release, ReleaseApplication } from '../core/release.ts';
import type { Callee } from './connections/callee.ts';
import type { JobSchedule } from './jobs/timetable.ts';
import type { PushSubscription } from './push/push-subscription.ts';

/** Messages of a topic go to the release that serves. `project`: that of the broker outside, where there is one. */
export function pushSubscriptions(
  serving: readonly Release[],
  present: Presences,
  project: string | undefined,
): readonly PushSubscription[] {
  return serving.flatMap((release) =>
    release.applications.flatMap((application) => {
      const { topic, endpoint, retryPolicy } = application;
      if (topic === undefined) return [];
      return [
        {
          ...calleeOf(release, application, present),
          ...{ topic, project: project ?? release.projectKey, endpoint },
          ...(retryPolicy === undefined ? {} : { retryPolicy }),
        },
      ];
    }),
  );
}

export function jobSchedules(
  serving: readonly Release[],
  present: Presences,
): readonly JobSchedule[] {
  return serving.flatMap((release) =>
    release.applications.flatMap((application) => {
      const { schedule, endpoint } = application;
      if (schedule === undefined) return [];
      return [
        {
          ...calleeOf(release, application, present),
          ...runPolicies(application),
          ...{ schedule, endpoint, deployedAt: release.createdAt },
        },
      ];
    }),
  );
}

function calleeOf(release: Release, { name }: ReleaseApplication, present: Presences): Callee {
  return {
    deploymentId: release.deploymentId,
    applicationName: name,
    releaseId: release.id,
    ...(present.get(applicationKey(release.id, name)) ?? absent),
  };
}
