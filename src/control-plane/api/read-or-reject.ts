import type { ConnectorStaged } from '../../core/connector.ts';
import type { Deployment } from '../../core/deployment.ts';
import { reject } from '../../core/errors.ts';
import type { Ref, Store } from '../../ports/store.ts';

/** @throws Rejection `ResourceNotFound`; what belongs to another project does not exist (contract §10, row 20) */
export async function readDeployment(
  store: Store,
  projectKey: string,
  ref: Ref,
): Promise<Deployment> {
  return (
    (await store.deployments.get(projectKey, ref)) ??
    reject('ResourceNotFound', { resource: 'Deployment', ...ref })
  );
}

export async function readConnectorStaged(
  store: Store,
  projectKey: string,
  ref: Ref,
): Promise<ConnectorStaged> {
  return (
    (await store.connectors.staged(projectKey, ref)) ??
    reject('ResourceNotFound', { resource: 'ConnectorStaged', ...ref })
  );
}
