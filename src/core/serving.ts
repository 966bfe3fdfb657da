import { servingOf } from './application.ts';
import { isPresent, type Presences } from './presence.ts';
import { applicationKey } from './reconcile.ts';
import type { Release } from './release.ts';

/**
 * The one release of each Deployment that requests, messages and jobs go to. While a redeploy hands over, two are current:
 * the newer one serves as soon as, and as long as, all its applications are healthy or asleep, else the older one goes on.
 */
export function servingReleases(
  releases: readonly Release[],
  present: Presences,
): readonly Release[] {
  const current = releases.filter(({ state }) => state === 'current');
  const newestFirst = current.toSorted((one, other) => other.number - one.number);
  const byDeployment = Map.groupBy(newestFirst, ({ deploymentId }) => deploymentId);
  return [...byDeployment.values()].flatMap(
    (own) => own.find((release) => isReady(release, present)) ?? own.slice(0, 1),
  );
}

/** By Deployment: what would serve if the release that does ended now. Only while a redeploy hands over there is one. */
export function releasesBefore(
  releases: readonly Release[],
  serving: readonly Release[],
  present: Presences,
): ReadonlyMap<string, Release> {
  const now = new Map(serving.map(({ deploymentId, number }) => [deploymentId, number]));
  const older = releases.filter(
    ({ state, deploymentId, number }) =>
      state === 'current' && number < (now.get(deploymentId) ?? 0),
  );
  return new Map(
    servingReleases(older, present)
      .filter((release) => isReady(release, present))
      .map((release) => [release.deploymentId, release]),
  );
}

function isReady(release: Release, present: Presences): boolean {
  return release.applications
    .filter(({ type }) => servingOf(type) === 'process')
    .every(({ name }) => {
      const presence = present.get(applicationKey(release.id, name));
      return presence !== undefined && isPresent(presence);
    });
}
