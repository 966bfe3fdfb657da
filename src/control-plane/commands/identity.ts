import type { VerifiedToken } from '../../ports/token-verifier.ts';

/** Who asks: what an access token says (contract §1). */
export interface Identity {
  readonly clientId: string;
  readonly projectKey: string;
  /** With suffix: `manage_project:demo`. */
  readonly scopes: readonly string[];
}

/** Tells API clients apart: another issuer, or project, may have one with the same id. */
export function holderOf({
  issuer,
  projectKey,
  clientId,
}: Pick<VerifiedToken, 'issuer' | 'projectKey' | 'clientId'>): string {
  return `${issuer ?? 'own'} ${projectKey} ${clientId}`;
}

export function hasScope(
  identity: Identity,
  scope: string,
  projectKey = identity.projectKey,
): boolean {
  return identity.scopes.includes(`${scope}:${projectKey}`);
}

/** Every scope that Berth's own routes ask for. A bootstrap client gets them all. */
export const ownScopes = [
  'manage_project',
  'manage_connectors',
  'view_connectors',
  'manage_connectors_deployments',
  'view_connectors_deployments',
  'manage_api_clients',
  'view_api_clients',
  'view_audit_log',
] as const;
export type OwnScope = (typeof ownScopes)[number];
