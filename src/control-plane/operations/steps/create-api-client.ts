import { randomBytes } from 'node:crypto';
import type { Deployment, DeploymentApiClient } from '../../../core/deployment.ts';
import { secretContext } from '../../../core/secret-context.ts';
import { hashSecret, newSecret } from '../../tokens/hash.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

type Dependencies = Pick<OperationDependencies, 'store' | 'clock' | 'projectApi' | 'secrets'>;

/**
 * Makes the connector's own API client (contract §4.1): at the project's commercetools platform, or, where Berth knows
 * none, in Berth itself, so that a connector can be tried without one.
 */
export async function createApiClient(
  deps: Dependencies,
  deployment: Deployment,
  scopes: readonly string[],
  scope: StepScope,
): Promise<DeploymentApiClient> {
  const { projectKey } = deployment;
  const name = `berth-${deployment.key ?? deployment.id}`;
  if (deps.projectApi !== undefined) {
    const made = await deps.projectApi.createApiClient({ projectKey, name, scopes });
    scope.report('Information', 'API client created', `${made.id} with ${scopes.join(', ')}.`);
    return { ...sealed(deps, deployment, made), scopes, madeAt: 'platform' };
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
      'Set BERTH_PLATFORM_API_URL, BERTH_PLATFORM_CLIENT_ID and BERTH_PLATFORM_CLIENT_SECRET, delete the Deployment and create it again.',
  );
  return { ...sealed(deps, deployment, made), scopes, madeAt: 'berth' };
}

function sealed(
  { secrets }: Dependencies,
  deployment: Deployment,
  made: { readonly id: string; readonly secret: string; readonly scope: string },
) {
  const sealedSecret = secrets.seal(made.secret, secretContext(deployment.id, 'CTP_CLIENT_SECRET'));
  return { id: made.id, scope: made.scope, sealedSecret };
}

/** In the shape of commercetools' own: connectors check the lengths. */
function makeOwnClient(deployment: Deployment, scopes: readonly string[]) {
  return {
    id: randomBytes(18).toString('base64url'),
    secret: newSecret(),
    scope: scopes.map((scope) => `${scope}:${deployment.projectKey}`).join(' '),
  };
}
