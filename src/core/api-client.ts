import type { ConnectorSpec } from './connector-spec.ts';
import type { Deployment, DeploymentApiClient } from './deployment.ts';

/**
 * Whether a Deployment moves to a connector that wants an API client with other scopes than before: whoever asks for
 * that must be allowed to make API clients, as at create (contract §1).
 */
export function wantsOtherScopes(before: ConnectorSpec | undefined, after: ConnectorSpec): boolean {
  const wanted = after.apiClientScopes;
  return wanted !== undefined && !isSameSet(before?.apiClientScopes, wanted);
}

/** What is to happen to a Deployment's API client before its next release (contract §4.1). */
export type ApiClientPlan =
  | { readonly kind: 'keep' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'make'; readonly scopes: readonly string[] };

/** One that Berth made by itself gives way to a real one as soon as there is a platform. */
export function planApiClient(
  { apiClient, connector }: Pick<Deployment, 'apiClient' | 'connector'>,
  hasPlatform: boolean,
): ApiClientPlan {
  const wanted = connector.spec.apiClientScopes;
  if (wanted === undefined) return { kind: apiClient === undefined ? 'keep' : 'drop' };
  const isStandIn = apiClient?.madeAt === 'berth' && hasPlatform;
  if (apiClient !== undefined && !isStandIn && isSameSet(apiClient.scopes, wanted)) {
    return { kind: 'keep' };
  }
  return { kind: 'make', scopes: wanted };
}

/** With another API client, or none. What served before still needs the old one: it is remembered until that has gone. */
export function replaceApiClient(
  deployment: Deployment,
  made: DeploymentApiClient | undefined,
): Deployment {
  const { apiClient: old, replacedApiClients = [], ...rest } = deployment;
  const replaced =
    old === undefined
      ? replacedApiClients
      : [...replacedApiClients, { id: old.id, madeAt: old.madeAt }];
  return {
    ...rest,
    ...(made === undefined ? {} : { apiClient: made }),
    ...(replaced.length === 0 ? {} : { replacedApiClients: replaced }),
  };
}

function isSameSet(one: readonly string[] | undefined, other: readonly string[]): boolean {
  const [left, right] = [new Set(one), new Set(other)];
  return one !== undefined && left.size === right.size && left.isSubsetOf(right);
}
