import { type Connector, type ConnectorStaged, isVisibleTo } from '../../core/connector.ts';
import { decideDeployment } from '../../core/deploy-rules.ts';
import type { Deployment, DeploymentDraft } from '../../core/deployment.ts';
import { reject } from '../../core/errors.ts';
import { secretContext } from '../../core/secret-context.ts';
import { DuplicateKey } from '../../core/store-failure.ts';
import type { Store } from '../../ports/store.ts';
import { newSealingKey, untilMasterKeyStays } from '../sealing/sealing-keys.ts';
import { acceptedStatus, newOperation } from './accept-operation.ts';
import type { CommandDependencies } from './dependencies.ts';
import type { Identity } from './identity.ts';
import { requireApiClientScope } from './require-api-client-scope.ts';

/** Contract §2.3: checks in its order, then one commit of the Deployment and its operation. */
export async function createDeployment(
  deps: CommandDependencies,
  identity: Identity,
  projectKey: string,
  draft: DeploymentDraft,
): Promise<Deployment> {
  return untilMasterKeyStays(() => tryCreate(deps, identity, projectKey, draft));
}

async function tryCreate(
  deps: CommandDependencies,
  identity: Identity,
  projectKey: string,
  draft: DeploymentDraft,
): Promise<Deployment> {
  const connector = await findConnector(deps.store, projectKey, draft.connector);
  requireApiClientScope(identity, { projectKey }, connector.spec);
  const project = await deps.store.projects.get(projectKey);
  const id = deps.newId();
  const sealing = await newSealingKey(deps, id);
  const decided = decideDeployment(draft, {
    id,
    now: deps.clock.now(),
    newId: deps.newId,
    seal: (deploymentId) => (key, value) =>
      deps.sealer.seal(value, secretContext(deploymentId, key), sealing.key),
    projectKey,
    connector,
    productionEnabled: project?.productionEnabled ?? false,
    keyTaken: await isKeyTaken(deps.store, projectKey, draft.key),
  });
  await deps.room.require();
  const deployment = { ...decided, status: await acceptedStatus(deps) };
  const operation = newOperation(deps, projectKey, {
    kind: 'deploy',
    deploymentId: deployment.id,
    version: deployment.version,
    reportId: deployment.buildId,
    skipScripts: false,
  });
  try {
    await deps.store.commit([
      { kind: 'insert-deployment', record: deployment },
      ...sealing.changes,
      { kind: 'insert-operation', operation },
    ]);
  } catch (error) {
    if (error instanceof DuplicateKey)
      reject('DuplicateField', { field: 'key', duplicateValue: error.key });
    throw error;
  }
  return deployment;
}

async function isKeyTaken(
  store: Store,
  projectKey: string,
  key: string | undefined,
): Promise<boolean> {
  return key !== undefined && (await store.deployments.get(projectKey, { key })) !== undefined;
}

/** Contract §2.3, step 3, and §10, rows 22 and 40. What the project may not see does not exist. */
export async function findConnector(
  store: Store,
  projectKey: string,
  reference: DeploymentDraft['connector'],
): Promise<Connector | ConnectorStaged> {
  const { id, key, staged, version } = reference;
  const ref = id === undefined ? { key: key ?? '' } : { id: id.toLowerCase() };
  const candidates: readonly (Connector | ConnectorStaged)[] = staged
    ? (await store.connectors.stagedAnywhere(ref)).filter((one) =>
        isVisibleTo({ ...one, private: true }, projectKey),
      )
    : (await store.connectors.publishedAnywhere(ref)).filter((one) => isVisibleTo(one, projectKey));
  const found = candidates.find((one) => one.projectKey === projectKey) ?? candidates[0];
  if (found === undefined || (version !== undefined && version !== found.version)) {
    reject('ConnectorReferenceNotFound', { identifier: id ?? key ?? '', version });
  }
  return found;
}
