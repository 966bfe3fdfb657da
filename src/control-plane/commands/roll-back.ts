import type { Deployment } from '../../core/deployment.ts';
import { nextStatus } from '../../core/deployment-status.ts';
import { reject } from '../../core/errors.ts';
import { type DeploymentRevision, decideRollback } from '../../core/revision.ts';
import type { Store } from '../../ports/store.ts';
import type { Rollback } from '../../wire/revision.ts';
import { acceptDeploy } from './accept-deploy.ts';
import { refuseOtherVersion } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';
import type { Identity } from './identity.ts';
import { requireApiClientScope } from './require-api-client-scope.ts';

/**
 * Contract §2.8: the revision's connector and configuration as a new version of the Deployment.
 * @throws Rejection `ConcurrentModification`, `DeploymentInvalidStatusTransition`, `ResourceNotFound` or
 *   `DeploymentRollbackNotAllowed`, looked for in this order
 */
export async function rollBack(
  deps: CommandDependencies,
  identity: Identity,
  deployment: Deployment,
  rollback: Rollback,
): Promise<Deployment> {
  refuseOtherVersion(deployment, rollback.version);
  nextStatus(deployment.status, 'redeploy');
  const revision = await readRevision(deps.store, deployment, rollback.revision);
  requireApiClientScope(identity, deployment, revision.connector.spec);
  const decided = decideRollback(deployment, revision, {
    now: deps.clock.now(),
    newId: deps.newId,
  });
  return acceptDeploy(deps, deployment, decided, rollback);
}

/** @throws Rejection `ResourceNotFound`, also where it was one of those too old to be kept */
export async function readRevision(
  store: Store,
  { projectKey, id, key }: Deployment,
  number: number,
): Promise<DeploymentRevision> {
  return (
    (await store.revisions.get(projectKey, id, number)) ??
    reject('ResourceNotFound', { resource: `Revision ${number} of Deployment`, id, key })
  );
}
