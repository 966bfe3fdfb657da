import { reject } from '../../../core/errors.ts';
import type { Operation } from '../../../core/operation.ts';
import type { Store } from '../../../ports/store.ts';
import { hasScope, type Identity, type OwnScope } from '../../commands/identity.ts';

type SubjectType = 'deployment' | 'connector';

const manageScopes = {
  deployment: ['manage_project', 'manage_connectors_deployments'],
  connector: ['manage_project', 'manage_connectors'],
} as const satisfies Record<SubjectType, readonly OwnScope[]>;

const viewScopes = {
  deployment: [...manageScopes.deployment, 'view_connectors_deployments'],
  connector: [...manageScopes.connector, 'view_connectors'],
} as const satisfies Record<SubjectType, readonly OwnScope[]>;

/** One of these is needed; which one depends on what the operation works on. */
export const manageOperations = [...manageScopes.deployment, 'manage_connectors'] as const;
export const viewOperations = [
  ...viewScopes.deployment,
  'manage_connectors',
  'view_connectors',
] as const;

/** The kinds of subjects whose operations a token may see. */
export function visibleSubjects(identity: Identity, projectKey: string): readonly SubjectType[] {
  return (['deployment', 'connector'] as const).filter((type) =>
    isAllowed(identity, viewScopes[type], projectKey),
  );
}

/**
 * @throws Rejection `ResourceNotFound`; what belongs to another project does not exist (contract §10, row 20)
 * @throws Rejection `AuthorizationError` where the token's scopes are for the other kind of subjects
 */
export async function readOperation(
  store: Store,
  identity: Identity,
  { projectKey, id }: { readonly projectKey: string; readonly id: string },
  access: 'view' | 'manage',
): Promise<Operation> {
  const operation =
    (await store.operationRecords.get(projectKey, id)) ??
    reject('ResourceNotFound', { resource: 'Operation', id });
  const scopes = { view: viewScopes, manage: manageScopes }[access];
  const type = 'deploymentId' in operation.input ? 'deployment' : 'connector';
  if (!isAllowed(identity, scopes[type], projectKey)) reject('AuthorizationError', {});
  return operation;
}

function isAllowed(identity: Identity, scopes: readonly OwnScope[], projectKey: string): boolean {
  return scopes.some((scope) => hasScope(identity, scope, projectKey));
}
