import { isPlatformOnly, servingOf } from './application.ts';
import { absent, type Presence, type Presences } from './presence.ts';
import { applicationKey } from './reconcile.ts';
import type { Release, ReleaseApplication } from './release.ts';
import type { Route, RouteTable, Target } from './route-table.ts';

/** What the route table is made from. */
export interface RouteSources {
  /** Of each Deployment the one that serves. */
  readonly releases: readonly Release[];
  /** By Deployment: what served before and would again. */
  readonly before: ReadonlyMap<string, Release>;
  /** Reserved addresses whose Deployment exists, whether or not it has a release. */
  readonly addresses: readonly {
    readonly hostLabel: string;
    readonly projectKey: string;
    readonly deploymentId: string;
    readonly applicationName: string;
    readonly port?: number;
  }[];
  readonly present: Presences;
  /** Folders of built files by artifact key. */
  readonly folders: ReadonlyMap<string, string>;
}

/** The serving releases answer; an address without one is known but unavailable. */
export function buildRoutes(sources: RouteSources): RouteTable {
  const serving = new Map(
    sources.releases.flatMap((release) =>
      release.applications.map((application) => [application.hostLabel, { release, application }]),
    ),
  );
  return sources.addresses.map((address): Route => {
    const found = serving.get(address.hostLabel);
    return {
      projectKey: address.projectKey,
      deploymentId: address.deploymentId,
      applicationName: address.applicationName,
      hostLabel: address.hostLabel,
      ...(address.port === undefined ? {} : { port: address.port }),
      platformOnly: isPlatformOnly(address.hostLabel),
      target:
        found === undefined
          ? { kind: 'unavailable', reason: 'It is not deployed yet' }
          : targetOf(found.release, found.application, sources),
    };
  });
}

function targetOf(
  release: Release,
  application: ReleaseApplication,
  sources: RouteSources,
): Target {
  const serving = servingOf(application.type);
  if (serving === 'process') {
    const { instances, sleeps, failing } = presenceOf(release, application, sources);
    const before = sources.before.get(release.deploymentId);
    const still = before === undefined ? [] : presenceOf(before, application, sources).instances;
    if (failing !== undefined) return { kind: 'unavailable', reason: failing };
    return {
      ...{ kind: 'process', releaseId: release.id, instances },
      ...(sleeps ? { sleeps } : {}),
      ...(before === undefined || still.length === 0
        ? {}
        : { before: { releaseId: before.id, instances: still } }),
    };
  }
  const directory = sources.folders.get(application.artifactKey);
  return directory === undefined
    ? { kind: 'unavailable', reason: 'Its files are not on this machine any more: redeploy it' }
    : { kind: 'files', releaseId: release.id, directory, singlePage: serving === 'single-page' };
}

function presenceOf(
  release: Release,
  { name }: ReleaseApplication,
  { present }: RouteSources,
): Presence {
  return present.get(applicationKey(release.id, name)) ?? absent;
}
