import { servingOf } from './application.ts';
import type { Release, ReleaseApplication } from './release.ts';

/** An application of a release that should be there. */
export interface DesiredApplication {
  readonly release: Release;
  readonly application: ReleaseApplication;
  /** A candidate that ends has failed; what serves is started again. */
  readonly restarts: boolean;
  /** While a redeploy hands over, what serves and what would serve again must show that they run. */
  readonly isHandedOver: boolean;
}

export interface ApplicationActions {
  readonly start: readonly DesiredApplication[];
  /** Keys of what nobody wants any more. */
  readonly stop: readonly string[];
}

export function applicationKey(releaseId: string, applicationName: string): string {
  return `${releaseId}/${applicationName}`;
}

/** Everything that may run now: each application of each release that has processes. */
export function desiredApplications(
  releases: readonly Release[],
): ReadonlyMap<string, DesiredApplication> {
  const current = releases.filter(({ state }) => state === 'current');
  const counts = Map.groupBy(current, ({ deploymentId }) => deploymentId);
  const isHandedOver = ({ state, deploymentId }: Release): boolean =>
    state === 'current' && (counts.get(deploymentId)?.length ?? 0) > 1;
  return new Map(
    releases.flatMap((release) =>
      release.applications
        .filter(({ type }) => servingOf(type) === 'process')
        .map((application) => [
          applicationKey(release.id, application.name),
          {
            ...{ release, application },
            restarts: release.state !== 'candidate',
            isHandedOver: isHandedOver(release),
          },
        ]),
    ),
  );
}

/** What brings the observed applications to the desired ones. */
export function decideActions(
  desired: ReadonlyMap<string, DesiredApplication>,
  observed: Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>,
): ApplicationActions {
  return {
    start: [...desired.keys()].flatMap((key) =>
      observed.has(key) ? [] : (desired.get(key) ?? []),
    ),
    stop: [...observed.keys()].filter((key) => !desired.has(key)),
  };
}
