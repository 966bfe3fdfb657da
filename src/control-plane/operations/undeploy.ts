import { applicationNamed } from '../../core/configuration.ts';
import type { Deployment } from '../../core/deployment.ts';
import { nextStatus } from '../../core/deployment-status.ts';
import { inputOf, stepDeadlineMs } from '../../core/operation.ts';
import type { Change } from '../../ports/store.ts';
import { deleteApiClient } from './api-clients.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { Cancelled } from './operation-plan.ts';
import type { OperationRun, StepScope } from './operation-run.ts';
import { runScript } from './steps/run-script.ts';
import { stopReleases } from './steps/stop-releases.ts';
import { removeTopic } from './topics.ts';

/** Contract §2.5: scripts first, then everything that runs, then what was made elsewhere, then the record itself. */
export async function undeploy(deps: OperationDependencies, run: OperationRun): Promise<void> {
  const deployment = await deps.store.deployments.byId(
    inputOf(run.operation, 'undeploy').deploymentId,
  );
  if (deployment === undefined) return run.finish('succeeded', []);
  await runPreUndeploys(deps, run, deployment);
  await run.forbidCancel('the applications are being taken down');
  await run.step(
    'stop',
    {
      failed: 'Applications could not be stopped',
      starting: 'Stopping applications',
      deadlineMs: deps.drainMs + stepDeadlineMs,
    },
    (scope) => stopReleases(deps, deployment.id, scope, (changes) => run.commit(changes)),
  );
  await deleteApiClients(deps, run, deployment);
  await run.step('forget', { failed: 'Messages and logs could not be removed' }, (scope) =>
    forget(deps, deployment, scope),
  );
  await run.finish('succeeded', [
    { kind: 'delete-deployment', id: deployment.id, keepAddresses: deployment.key !== undefined },
  ]);
}

/** Only a failure of the platform ends here: scripts cannot keep a Deployment alive (contract §10, row 7). */
export async function failUndeploy(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<readonly Change[]> {
  const deployment = await deps.store.deployments.byId(
    inputOf(run.operation, 'undeploy').deploymentId,
  );
  if (deployment === undefined) return [];
  const status = nextStatus(deployment.status, 'undeploy-fail');
  return [
    {
      kind: 'update-deployment',
      record: { ...deployment, status, lastModifiedAt: deps.clock.now() },
      expectedVersion: deployment.version,
    },
  ];
}

/** Nothing has been taken down yet: `forbidCancel` comes before that. */
export async function cancelUndeploy(
  deps: OperationDependencies,
  run: OperationRun,
): Promise<Cancelled> {
  const changes = await failUndeploy(deps, run);
  return { changes, outcome: 'Nothing was taken down; what served before goes on serving.' };
}

async function runPreUndeploys(
  deps: OperationDependencies,
  run: OperationRun,
  deployment: Deployment,
): Promise<void> {
  const [release] = await deps.store.runtime.releases({
    states: ['current'],
    deploymentId: deployment.id,
  });
  for (const application of release?.applications ?? []) {
    const { name } = application;
    const command = applicationNamed(deployment.connector.spec, name)?.scripts.preUndeploy;
    if (command === undefined || release === undefined) continue;
    await run.step(
      `pre-undeploy/${name}`,
      {
        failed: "Failed during the execution of 'preUndeploy' script",
        application: name,
        starting: 'Running script "preUndeploy"',
        deadlineMs: deps.scriptTimeoutMs + stepDeadlineMs,
      },
      (scope) =>
        runScript(
          deps,
          { script: 'preUndeploy', command, deployment, release, application },
          scope,
        ),
    );
  }
}

async function deleteApiClients(
  deps: OperationDependencies,
  run: OperationRun,
  { apiClient, replacedApiClients = [], projectKey }: Deployment,
): Promise<void> {
  const clients = [...replacedApiClients, ...(apiClient === undefined ? [] : [apiClient])];
  for (const client of clients) {
    await run.step(
      `delete-api-client/${client.id}`,
      { failed: 'API client could not be deleted' },
      (scope) => deleteApiClient(deps, projectKey, client, scope),
    );
  }
}

async function forget(
  deps: OperationDependencies,
  deployment: Deployment,
  scope: StepScope,
): Promise<void> {
  const addresses = await deps.store.runtime.addresses();
  const own = addresses.filter(({ deploymentId }) => deploymentId === deployment.id);
  for (const address of own) await removeTopic(deps, address, scope);
  await deps.logs.prune({ before: 0, deployments: [deployment.id] });
}
