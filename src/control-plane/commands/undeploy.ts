import { decideUndeploy } from '../../core/deploy-rules.ts';
import type { Deployment } from '../../core/deployment.ts';
import type { ExpectedVersions } from '../../wire/conditions.ts';
import { newOperation } from './accept-operation.ts';
import { commitOrStale, refuseUnexpectedVersion } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §2.5: asynchronous, unless nothing of it has ever existed. */
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
  const { apiClient, replacedApiClients = [] } = deployment;
  if (apiClient !== undefined || replacedApiClients.length > 0) return false;
  const releases = await store.runtime.releases({
    states: ['candidate', 'current', 'draining'],
    deploymentId: deployment.id,
  });
  return releases.length === 0;
}
