import { isMerchantCenter } from './application.ts';
import {
  applicationNamed,
  type ConfigurationValue,
  emptyConfiguration,
  type SealedValue,
  type StoredConfiguration,
} from './configuration.ts';
import type { ApplicationSpec, ConfigurationKeys, ConnectorSpec } from './connector-spec.ts';
import type { Deployment, DeploymentApiClient } from './deployment.ts';
import type { ReleaseEnvironment } from './release.ts';

/** Where the applications of a region find commercetools (contract §4.1). */
export interface PlatformUrls {
  readonly apiUrl: string;
  readonly authUrl: string;
}

export function platformUrls(region: string): PlatformUrls {
  return {
    apiUrl: `https://api.${region}.commercetools.com`,
    authUrl: `https://auth.${region}.commercetools.com`,
  };
}

/** What an application and its scripts have in common: configuration and the API client's variables. */
export function configuredEnvironment(
  deployment: Deployment,
  application: string,
  urls: PlatformUrls = platformUrls(deployment.region),
): ReleaseEnvironment {
  const { spec } = deployment.connector;
  const own = deployment.applications.find((one) => one.name === application);
  const configured = composeConfiguration([
    { keys: spec.globalConfiguration, configuration: deployment.globalConfiguration },
    {
      keys: applicationNamed(spec, application)?.configuration ?? { standard: [], secured: [] },
      configuration: own?.configuration ?? emptyConfiguration,
    },
  ]);
  if (deployment.apiClient === undefined) return configured;
  const context = { projectKey: deployment.projectKey, region: deployment.region, urls };
  return mergeEnvironments(apiClientEnvironment(deployment.apiClient, context), configured);
}

interface Source {
  readonly keys: ConfigurationKeys;
  readonly configuration: StoredConfiguration;
}

/**
 * An application's configuration as variables (contract §5.5): its own keys and the global ones, defaults where no
 * value was given, and nothing at all for an optional key without either.
 */
export function composeConfiguration(sources: readonly Source[]): ReleaseEnvironment {
  const plain = new Map<string, ConfigurationValue>();
  const sealed = new Map<string, SealedValue>();
  for (const { keys, configuration } of sources) {
    for (const { key, default: fallback } of keys.standard) {
      const value = configuration.standard.find((entry) => entry.key === key)?.value ?? fallback;
      if (value !== undefined) plain.set(key, { key, value });
    }
    for (const { key } of keys.secured) {
      const value = configuration.secured.find((entry) => entry.key === key);
      if (value !== undefined) sealed.set(key, value);
    }
  }
  return { plain: [...plain.values()], sealed: [...sealed.values()] };
}

/** What a Merchant Center bundle compiles in (contract §5.4): plain values only, for the bundle is public. */
export function buildEnvironment(
  spec: ConnectorSpec,
  application: ApplicationSpec,
  values: {
    readonly own: StoredConfiguration;
    readonly global: StoredConfiguration;
    readonly url: string;
  },
): Record<string, string> {
  if (!isMerchantCenter(application.type)) return {};
  const { plain } = composeConfiguration([
    { keys: spec.globalConfiguration, configuration: values.global },
    { keys: application.configuration, configuration: values.own },
  ]);
  return {
    ...Object.fromEntries(plain.map(({ key, value }) => [key, value])),
    APPLICATION_URL: values.url,
  };
}

/** The variables of a connector's own API client: the union of all names in use (contract §4.1). */
export function apiClientEnvironment(
  client: DeploymentApiClient,
  context: { readonly projectKey: string; readonly region: string; readonly urls: PlatformUrls },
): ReleaseEnvironment {
  const plain = {
    CTP_API_URL: context.urls.apiUrl,
    CTP_AUTH_URL: context.urls.authUrl,
    CTP_PROJECT_KEY: context.projectKey,
    CTP_REGION: context.region,
    CTP_CLIENT_REGION: context.region,
    CTP_CLIENT_ID: client.id,
    CTP_SCOPE: client.scope,
    CTP_CLIENT_SCOPE: client.scope,
  };
  return {
    plain: Object.entries(plain).map(([key, value]) => ({ key, value })),
    sealed: [{ key: 'CTP_CLIENT_SECRET', sealed: client.sealedSecret, empty: false }],
  };
}

/** What a process gets unless its connector configures it otherwise (contract §5.2). */
export const presumedEnvironment: ReleaseEnvironment = {
  plain: [{ key: 'NODE_ENV', value: 'production' }],
  sealed: [],
};

/** What the hosted runtime sets for every process, whatever is configured (contract §5.2). */
export function platformEnvironment(
  hostLabel: string,
  releaseNumber: number,
): readonly ConfigurationValue[] {
  return [
    { key: 'PORT', value: '8080' },
    { key: 'K_SERVICE', value: hostLabel },
    { key: 'K_REVISION', value: `${hostLabel}-${String(releaseNumber).padStart(5, '0')}` },
    { key: 'K_CONFIGURATION', value: hostLabel },
  ];
}

/** Later ones win. */
export function mergeEnvironments(...parts: readonly ReleaseEnvironment[]): ReleaseEnvironment {
  const plain = new Map<string, ConfigurationValue>();
  const sealed = new Map<string, SealedValue>();
  for (const part of parts) {
    for (const entry of part.plain) {
      sealed.delete(entry.key);
      plain.set(entry.key, entry);
    }
    for (const entry of part.sealed) {
      plain.delete(entry.key);
      sealed.set(entry.key, entry);
    }
  }
  return { plain: [...plain.values()], sealed: [...sealed.values()] };
}
