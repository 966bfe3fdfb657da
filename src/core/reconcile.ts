import { servingOf } from './application.ts';
import type { Release, ReleaseApplication } from './release.ts';

/** One copy of an application that should run. */
export interface DesiredInstance {
  readonly release: Release;
  readonly application: ReleaseApplication;
  /** A candidate that ends has failed; what serves is started again. */
  readonly restarts: boolean;
}

export interface InstanceActions {
  readonly start: readonly DesiredInstance[];
  /** Keys of what nobody wants any more. */
  readonly stop: readonly string[];
}

export function instanceKey(releaseId: string, applicationName: string): string {
  return `${releaseId}/${applicationName}`;
}

/** Everything that should run now: a process for each application of each release. */
export function desiredInstances(
  releases: readonly Release[],
): ReadonlyMap<string, DesiredInstance> {
  return new Map(
    releases.flatMap((release) =>
      release.applications
        .filter(({ type }) => servingOf(type) === 'process')
        .map((application) => [
          instanceKey(release.id, application.name),
          { release, application, restarts: release.state !== 'candidate' },
        ]),
    ),
  );
}

/** What brings the observed instances to the desired ones. */
export function decideActions(
  desired: ReadonlyMap<string, DesiredInstance>,
  observed: ReadonlySet<string>,
): InstanceActions {
  return {
    start: [...desired].filter(([key]) => !observed.has(key)).map(([, instance]) => instance),
    stop: [...observed].filter((key) => !desired.has(key)),
  };
}
