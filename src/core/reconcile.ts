import { servingOf } from './application.ts';
import type { Release, ReleaseApplication } from './release.ts';

/** An application of a release that should be there. */
export interface DesiredApplication {
  readonly release: Release;
  readonly application: ReleaseApplication;
  /** A candidate that ends has failed; what serves is started again. */
  readonly restarts: boolean;
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
  return new Map(
    releases.flatMap((release) =>
      release.applications
        .filter(({ type }) => servingOf(type) === 'process')
        .map((application) => [
          applicationKey(release.id, application.name),
          { release, application, restarts: release.state !== 'candidate' },
        ]),
    ),
  );
}

/** What brings the observed applications to the desired ones. */
export function decideActions(
  desired: ReadonlyMap<string, DesiredApplication>,
  observed: ReadonlySet<string>,
): ApplicationActions {
  return {
    start: [...desired].filter(([key]) => !observed.has(key)).map(([, application]) => application),
    stop: [...observed].filter((key) => !desired.has(key)),
  };
}
