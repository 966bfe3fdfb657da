import { hostPrefixes } from '../../core/application.ts';
import { decideUndeploy } from '../../core/deploy-rules.ts';
import type { Deployment } from '../../core/deployment.ts';
import type { ExpectedVersions } from '../../wire/conditions.ts';
import { newOperation } from './accept-operation.ts';
import { commitOrStale, refuseUnexpectedVersion } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §2.5: asynchronous, unless nothing of it exists. What failed to go is tried again (§10, row 5). */
export async function undeploy(
  deps: CommandDependencies,
  deployment: Deployment,
  expected?: ExpectedVersions,
): Promise<{ readonly deployment: Deployment; readonly removed: boolean }> {
  refuseUnexpectedVersion(deployment, expected);
  const record = decideUndeploy(deployment, deps.clock.now(), deps.newId());
  const update = {
    kind: 'update-deployment',
    record,
    expectedVersion: deployment.version,
  } as const;
  if (await hasNothingToTearDown(deps, deployment)) {
    // The update finds out whether somebody has redeployed it meanwhile.
    await commitOrStale(deps.store, deployment, [
      update,
      { kind: 'delete-deployment', id: deployment.id, keepAddresses: deployment.key !== undefined },
    ]);
    return { deployment: record, removed: true };
  }
  const operation = newOperation(deps, deployment.projectKey, {
    kind: 'undeploy',
    deploymentId: deployment.id,
    reportId: record.buildId,
  });
  await commitOrStale(deps.store, deployment, [update, { kind: 'insert-operation', operation }]);
  return { deployment: record, removed: false };
}

async function hasNothingToTearDown(
  { store }: CommandDependencies,
  deployment: Deployment,
): Promise<boolean> {
  const { status, apiClient, replacedApiClients = [] } = deployment;
  // It may have failed behind the last process: with messages left that a new Deployment of the same key would get.
  if (status === 'UndeployFailed') return false;
  if (apiClient !== undefined || replacedApiClients.length > 0) return false;
  const { id: deploymentId } = deployment;
  const releases = await store.runtime.releases({
    states: ['candidate', 'current', 'draining'],
    deploymentId,
  });
  return releases.length === 0 && !(await hasTopics(store, deploymentId));
}

/** A deploy that failed may have left one, and anybody can have published to it. */
async function hasTopics(
  store: CommandDependencies['store'],
  deploymentId: string,
): Promise<boolean> {
  const addresses = await store.runtime.addresses();
  return addresses.some(
    (one) =>
      one.deploymentId === deploymentId &&
      one.state !== 'released' &&
      one.hostLabel.startsWith(`${hostPrefixes.event}-`),
  );
}
