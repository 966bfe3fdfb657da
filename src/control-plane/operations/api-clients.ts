import { type ApiClientPlan, planApiClient, replaceApiClient } from '../../core/api-client.ts';
import type { Deployment, DeploymentApiClient } from '../../core/deployment.ts';
import { describeFailure } from '../../core/failure.ts';
import { waitFor } from '../waiting/wait-for.ts';
import type { OperationDependencies, SuppliedApiClient } from './dependencies.ts';
import type { OperationRun, StepScope } from './operation-run.ts';
import { createApiClient, supplyApiClient } from './steps/create-api-client.ts';

/** Makes the API client that the connector asks for, and another one where its scopes have changed (contract §4.1). */
export async function ensureApiClient(
  deps: OperationDependencies,
  run: OperationRun,
  deployment: Deployment,
): Promise<void> {
  const supplied = suppliedTo(deps, deployment);
  const plan = planApiClient(deployment, {
    hasPlatform: deps.projectApi !== undefined,
    suppliedId: supplied?.id,
  });
  if (plan.kind === 'keep') return;
  await run.step(
    'create-api-client',
    { failed: 'API client could not be created' },
    async (scope) => {
      const isResumed = run.operation.attempt > 1;
      const made = await follow(deps, plan, { deployment, isResumed }, scope);
      scope.change({
        kind: 'update-deployment',
        record: { ...replaceApiClient(deployment, made), lastModifiedAt: deps.clock.now() },
        expectedVersion: deployment.version,
      });
    },
  );
}

async function follow(
  deps: OperationDependencies,
  plan: Exclude<ApiClientPlan, { kind: 'keep' }>,
  given: { readonly deployment: Deployment; readonly isResumed: boolean },
  scope: StepScope,
): Promise<DeploymentApiClient | undefined> {
  if (plan.kind === 'drop') return undefined;
  const { scopes } = plan;
  const supplied = suppliedTo(deps, given.deployment);
  return plan.kind === 'supply' && supplied !== undefined
    ? supplyApiClient(deps, { ...given, scopes, supplied }, scope)
    : createApiClient(deps, { ...given, scopes }, scope);
}

/** Of its own project only: nobody else's connector may get hold of it. */
function suppliedTo(
  { suppliedApiClient }: Pick<OperationDependencies, 'suppliedApiClient'>,
  { projectKey }: Deployment,
): SuppliedApiClient | undefined {
  return suppliedApiClient?.projectKey === projectKey ? suppliedApiClient : undefined;
}

/** Time for the data plane to write that an old release has gone, on top of the drain. */
const graceMs = 10_000;

/** Once nothing runs any more that was given them. What the platform does not take now is tried again by the next deploy. */
export async function deleteReplacedApiClients(
  deps: OperationDependencies,
  run: OperationRun,
  deployment: Deployment,
): Promise<void> {
  const { replacedApiClients: replaced = [] } = deployment;
  if (replaced.length === 0) return;
  await run.step(
    'delete-replaced-api-clients',
    { failed: 'Replaced API clients could not be deleted' },
    async (scope) => {
      await untilDrained(deps, deployment.id, scope.signal);
      const left: ApiClientRef[] = [];
      for (const client of replaced) {
        if (!(await tryDelete(deps, deployment.projectKey, client, scope))) left.push(client);
      }
      const { replacedApiClients: _, ...rest } = deployment;
      scope.change({
        kind: 'update-deployment',
        record: {
          ...rest,
          ...(left.length === 0 ? {} : { replacedApiClients: left }),
          lastModifiedAt: deps.clock.now(),
        },
        expectedVersion: deployment.version,
      });
    },
  );
}

type ApiClientRef = Pick<DeploymentApiClient, 'id' | 'madeAt'>;

async function untilDrained(
  { store, drainMs }: OperationDependencies,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  await waitFor(store, { signal, timeoutMs: drainMs + graceMs }, async () => {
    const draining = await store.runtime.releases({ states: ['draining'], deploymentId });
    return draining.length === 0 ? true : undefined;
  });
}

async function tryDelete(
  deps: OperationDependencies,
  projectKey: string,
  client: ApiClientRef,
  scope: StepScope,
): Promise<boolean> {
  try {
    await deleteApiClient(deps, projectKey, client, scope);
    scope.report('Information', 'Replaced API client deleted', `${client.id}.`);
    return true;
  } catch (error) {
    scope.signal.throwIfAborted();
    scope.report('Warning', 'Replaced API client could not be deleted', describeFailure(error));
    return false;
  }
}

/** Where it was made. */
export async function deleteApiClient(
  { projectApi, logger }: Pick<OperationDependencies, 'projectApi' | 'logger'>,
  projectKey: string,
  { id, madeAt }: ApiClientRef,
  scope: StepScope,
): Promise<void> {
  if (madeAt === 'operator') return;
  if (madeAt === 'berth') scope.change({ kind: 'delete-client', projectKey, id });
  else if (projectApi !== undefined) await projectApi.deleteApiClient({ projectKey, id });
  else logger.warn({ projectKey, apiClient: id }, 'an API client is left: no platform is set');
}
