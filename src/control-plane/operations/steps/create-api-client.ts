import { randomBytes } from 'node:crypto';
import type { Deployment, DeploymentApiClient } from '../../../core/deployment.ts';
import { describeFailure } from '../../../core/failure.ts';
import { apiClientSecretKey, secretContext } from '../../../core/secret-context.ts';
import type { ProjectApi } from '../../../ports/project-api.ts';
import { findOrMakeSealingKey } from '../../sealing/sealing-keys.ts';
import { hashSecret, newSecret } from '../../tokens/hash.ts';
import type { OperationDependencies, SuppliedApiClient } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

type Dependencies = Pick<OperationDependencies, 'store' | 'clock' | 'projectApi' | 'secrets'>;

/**
 * Makes the connector's own API client (contract §4.1): at the project's commercetools platform, or, where Berth knows
 * none, in Berth itself, so that a connector can be tried without one.
 */
export async function createApiClient(
  deps: Dependencies,
  given: {
    readonly deployment: Deployment;
    readonly scopes: readonly string[];
    /** An earlier attempt at this step may have come to any point of it. */
    readonly isResumed: boolean;
  },
  scope: StepScope,
): Promise<DeploymentApiClient> {
  const { deployment, scopes } = given;
  const { projectKey, key, id, version } = deployment;
  // With the id, for another Berth may have a Deployment of the same key in this project; with the version, for the
  // client that it replaces is still in use.
  const name = ['berth', ...(key === undefined ? [] : [key]), id, `v${version}`].join('-');
  if (deps.projectApi !== undefined) {
    if (given.isResumed) await deleteInterrupted(deps.projectApi, { projectKey, name }, scope);
    const made = await deps.projectApi.createApiClient({ projectKey, name, scopes });
    scope.report('Information', 'API client created', `${made.id} with ${scopes.join(', ')}.`);
    return { ...(await sealed(deps, deployment, made, scope)), scopes, madeAt: 'platform' };
  }
  const made = makeOwnClient(deployment, scopes);
  scope.change({
    kind: 'put-client',
    client: {
      id: made.id,
      projectKey,
      name,
      scopes: made.scope.split(' '),
      secretHash: hashSecret(made.id, made.secret),
      createdAt: deps.clock.now(),
    },
  });
  scope.report(
    'Warning',
    'API client created in Berth only',
    'Berth does not know the commercetools project, so its API will refuse this client. ' +
      'Set BERTH_PLATFORM_API_URL, BERTH_PLATFORM_CLIENT_ID and BERTH_PLATFORM_CLIENT_SECRET, and redeploy.',
  );
  return { ...(await sealed(deps, deployment, made, scope)), scopes, madeAt: 'berth' };
}

/** The operator's own, as it is: its scopes are the operator's business, so the report says what the connector asks for. */
export async function supplyApiClient(
  deps: Dependencies,
  {
    deployment,
    scopes,
    supplied,
  }: {
    readonly deployment: Deployment;
    readonly scopes: readonly string[];
    readonly supplied: SuppliedApiClient;
  },
  scope: StepScope,
): Promise<DeploymentApiClient> {
  const { id, secret } = supplied;
  scope.report(
    'Information',
    'API client supplied',
    `${id}, from BERTH_CONNECTOR_CLIENT_ID. It needs ${scopes.join(', ')}.`,
  );
  const made = { id, secret, scope: suffixed(scopes, deployment) };
  return { ...(await sealed(deps, deployment, made, scope)), scopes, madeAt: 'operator' };
}

/** An attempt that was killed after it had made one, and before it could write that down, knows its secret no more. */
async function deleteInterrupted(
  projectApi: ProjectApi,
  client: { readonly projectKey: string; readonly name: string },
  scope: StepScope,
): Promise<void> {
  try {
    await projectApi.deleteApiClientsNamed(client);
  } catch (error) {
    scope.report(
      'Warning',
      'An API client may be left over',
      `This deployment was interrupted. Delete it by hand if the project has another one named "${client.name}".\n${describeFailure(error)}`,
    );
  }
}

async function sealed(
  { store, secrets }: Dependencies,
  { id }: Deployment,
  made: { readonly id: string; readonly secret: string; readonly scope: string },
  scope: StepScope,
) {
  const { key, changes } = await findOrMakeSealingKey({ store, sealer: secrets }, id);
  scope.change(...changes);
  const sealedSecret = secrets.seal(made.secret, secretContext(id, apiClientSecretKey), key);
  return { id: made.id, scope: made.scope, sealedSecret };
}

/** In the shape of commercetools' own: connectors check the lengths. */
function makeOwnClient(deployment: Deployment, scopes: readonly string[]) {
  return {
    id: randomBytes(18).toString('base64url'),
    secret: newSecret(),
    scope: suffixed(scopes, deployment),
  };
}

function suffixed(scopes: readonly string[], { projectKey }: Deployment): string {
  return scopes.map((scope) => `${scope}:${projectKey}`).join(' ');
}
