import type { StoredConfiguration } from './configuration.ts';
import type { Given } from './deploy-rules.ts';
import type { ApplicationDeployment, ConnectorSnapshot, Deployment } from './deployment.ts';
import { nextStatus } from './deployment-status.ts';
import { reject } from './errors.ts';
import type { Release } from './release.ts';

/** What a successful deploy leaves to go back to (contract §2.8). Immutable; its artifacts stay while it does. */
export interface DeploymentRevision {
  readonly deploymentId: string;
  readonly projectKey: string;
  /** The Deployment's version that it was. */
  readonly number: number;
  readonly connector: ConnectorSnapshot;
  readonly applications: readonly RevisionApplication[];
  /** Secured values are sealed for the Deployment, so they open again after a rollback. */
  readonly globalConfiguration: StoredConfiguration;
  /** ms since the epoch */
  readonly createdAt: number;
}

export interface RevisionApplication extends ApplicationDeployment {
  readonly artifactKey: string;
}

/** Of a Deployment that has just been deployed, and the release that it runs. */
export function revisionOf(
  deployment: Deployment,
  release: Release,
  now: number,
): DeploymentRevision {
  const artifacts = new Map(release.applications.map((one) => [one.name, one.artifactKey]));
  return {
    deploymentId: deployment.id,
    projectKey: deployment.projectKey,
    number: deployment.version,
    connector: deployment.connector,
    applications: deployment.applications.flatMap((application) => {
      const artifactKey = artifacts.get(application.name);
      return artifactKey === undefined ? [] : [{ ...application, artifactKey }];
    }),
    globalConfiguration: deployment.globalConfiguration,
    createdAt: now,
  };
}

/**
 * The Deployment as it is rolled back: connector, applications and values are the revision's, everything else stays.
 * Allowed wherever a redeploy is, also after one that failed; then even what still runs may be asked for.
 */
export function decideRollback(
  deployment: Deployment,
  revision: DeploymentRevision,
  given: Pick<Given, 'now' | 'newId'>,
): Deployment {
  const status = nextStatus(deployment.status, 'redeploy');
  if (deployment.status === 'Deployed' && deployment.version === revision.number) {
    reject('DeploymentRollbackNotAllowed', { ...deployment, revision: revision.number });
  }
  return {
    ...deployment,
    version: deployment.version + 1,
    status,
    connector: revision.connector,
    applications: revision.applications.map(({ artifactKey: _, ...application }) => application),
    globalConfiguration: revision.globalConfiguration,
    buildId: given.newId(),
    rollbackRevision: revision.number,
    lastModifiedAt: given.now,
  };
}

/** Which revisions go: all but the newest `keep`, and the one that the Deployment says it was rolled back to. */
export function outdatedRevisions(
  numbers: readonly number[],
  { keep, rollbackRevision }: { readonly keep: number; readonly rollbackRevision?: number },
): readonly number[] {
  return numbers
    .toSorted((one, other) => other - one)
    .slice(keep)
    .filter((number) => number !== rollbackRevision);
}
