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
  | { readonly kind: 'make'; readonly scopes: readonly string[] }
  | { readonly kind: 'supply'; readonly scopes: readonly string[] };

/** What there is to get one from. */
export interface ApiClientSources {
  readonly hasPlatform: boolean;
  /** The id of the one that the operator has brought for the project. */
  readonly suppliedId: string | undefined;
}

/** One that Berth made by itself gives way to a real one as soon as there is a platform, or one that is supplied. */
export function planApiClient(
  { apiClient, connector }: Pick<Deployment, 'apiClient' | 'connector'>,
  { hasPlatform, suppliedId }: ApiClientSources,
): ApiClientPlan {
  const wanted = connector.spec.apiClientScopes;
  if (wanted === undefined) return { kind: apiClient === undefined ? 'keep' : 'drop' };
  const isSupplied = apiClient?.madeAt === 'operator';
  const isStandIn = apiClient?.madeAt === 'berth' && hasPlatform;
  const isRight =
    suppliedId === undefined
      ? !isSupplied && !isStandIn
      : isSupplied && apiClient.id === suppliedId;
  if (apiClient !== undefined && isRight && isSameSet(apiClient.scopes, wanted)) {
    return { kind: 'keep' };
  }
  return { kind: suppliedId === undefined ? 'make' : 'supply', scopes: wanted };
}

/** With another API client, or none. What served before still needs the old one: it is remembered until that has gone. */
export function replaceApiClient(
  deployment: Deployment,
  made: DeploymentApiClient | undefined,
): Deployment {
  const { apiClient: old, replacedApiClients = [], ...rest } = deployment;
  const replaced =
    old === undefined || old.madeAt === 'operator'
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
