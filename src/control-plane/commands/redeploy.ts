import { type Connector, type ConnectorStaged, isVisibleTo } from '../../core/connector.ts';
import { decideRedeploy } from '../../core/deploy-rules.ts';
import type { Deployment, Redeploy } from '../../core/deployment.ts';
import { nextStatus } from '../../core/deployment-status.ts';
import { reject } from '../../core/errors.ts';
import { secretContext } from '../../core/secret-context.ts';
import type { Store } from '../../ports/store.ts';
import { findOrMakeSealingKey, type KeyForSealing } from '../sealing/sealing-keys.ts';
import { acceptDeploy } from './accept-deploy.ts';
import { refuseOtherVersion } from './commit-or-stale.ts';
import type { CommandDependencies } from './dependencies.ts';
import type { Identity } from './identity.ts';
import { requireApiClientScope } from './require-api-client-scope.ts';

/** Contract §2.4. */
export async function redeploy(
  deps: CommandDependencies,
  identity: Identity,
  deployment: Deployment,
  expectedVersion: number,
  action: Redeploy,
): Promise<Deployment> {
  const { decided, sealing } = await prepareRedeploy(
    deps,
    identity,
    deployment,
    expectedVersion,
    action,
  );
  return acceptDeploy(deps, deployment, decided, { ...action, also: sealing.changes });
}

/** The Deployment as it would be, and the key of its secrets. Nothing is written. */
export async function prepareRedeploy(
  deps: Pick<CommandDependencies, 'store' | 'clock' | 'newId' | 'sealer'>,
  identity: Identity,
  deployment: Deployment,
  expectedVersion: number,
  action: Redeploy,
): Promise<{ readonly decided: Deployment; readonly sealing: KeyForSealing }> {
  refuseOtherVersion(deployment, expectedVersion);
  nextStatus(deployment.status, 'redeploy');
  const newConnector = action.updateConnector
    ? await readNewConnector(deps.store, deployment)
    : undefined;
  if (newConnector !== undefined) {
    requireApiClientScope(identity, deployment, newConnector.spec);
  }
  const sealing = await findOrMakeSealingKey(deps, deployment.id);
  const decided = decideRedeploy(deployment, action, {
    now: deps.clock.now(),
    newId: deps.newId,
    seal: (id) => (key, value) => deps.sealer.seal(value, secretContext(id, key), sealing.key),
    ...(newConnector === undefined ? {} : { newConnector }),
  });
  return { decided, sealing };
}

async function readNewConnector(
  store: Store,
  deployment: Deployment,
): Promise<Connector | ConnectorStaged> {
  const { id, staged } = deployment.connector;
  const fail = (cause: string): never =>
    reject('DeploymentConnectorUpdateFailure', {
      deployment,
      connector: deployment.connector,
      cause,
    });
  const [found] = staged
    ? await store.connectors.stagedAnywhere({ id })
    : await store.connectors.publishedAnywhere({ id });
  const isVisible =
    found !== undefined &&
    isVisibleTo(staged ? { ...found, private: true } : found, deployment.projectKey);
  if (!isVisible) return fail('the Connector does not exist any more');
  if ('isPreviewable' in found && found.isPreviewable !== 'true') {
    return fail('the ConnectorStaged is not previewable; request it with updatePreviewable first');
  }
  return found;
}
