import { wantsOtherScopes } from '../../core/api-client.ts';
import type { ConnectorSpec } from '../../core/connector-spec.ts';
import type { Deployment } from '../../core/deployment.ts';
import { reject } from '../../core/errors.ts';
import { hasScope, type Identity } from './identity.ts';

/**
 * Who has an API client made must be allowed to make one; `manage_project` does not imply it (contract §1).
 * @throws Rejection `AuthorizationError`
 */
export function requireApiClientScope(
  identity: Identity,
  {
    projectKey,
    connector,
  }: Pick<Deployment, 'projectKey'> & Partial<Pick<Deployment, 'connector'>>,
  spec: ConnectorSpec,
): void {
  if (!wantsOtherScopes(connector?.spec, spec)) return;
  if (!hasScope(identity, 'manage_api_clients', projectKey)) reject('AuthorizationError', {});
}
