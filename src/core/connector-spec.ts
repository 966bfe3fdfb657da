import type { ApplicationType } from './application.ts';

/** `connect.yaml`, parsed (contract §4). Plain data; `wire/connect-spec.ts` makes it. */
export interface ConnectorSpec {
  readonly applications: readonly ApplicationSpec[];
  readonly globalConfiguration: ConfigurationKeys;
  /** Present when the connector asks for an API client of its own (`inheritAs.apiClient`). */
  readonly apiClientScopes?: readonly string[];
}

export interface ApplicationSpec {
  /** Also the name of the folder below the repository root. */
  readonly name: string;
  readonly type: ApplicationType;
  /** Always with a leading slash; absent where the type has none. */
  readonly endpoint?: string;
  readonly scripts: { readonly postDeploy?: string; readonly preUndeploy?: string };
  readonly configuration: ConfigurationKeys;
  readonly schedule?: string;
  readonly healthCheck?: HealthCheck;
  readonly retryPolicy?: RetryPolicy;
}

export interface ConfigurationKeys {
  readonly standard: readonly ConfigurationKey[];
  readonly secured: readonly ConfigurationKey[];
}

export interface ConfigurationKey {
  readonly key: string;
  readonly description: string;
  readonly required: boolean;
  /** Standard keys only. */
  readonly default?: string;
}

export interface HealthCheck {
  readonly path: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly unhealthyThreshold: number;
}

/** What a health check leaves open (contract §10, row 27). */
export const healthCheckDefaults = {
  intervalSeconds: 10,
  timeoutSeconds: 5,
  unhealthyThreshold: 3,
} as const;

export type RetryPolicy =
  | { readonly strategy: 'immediate' }
  | {
      readonly strategy: 'exponential-backoff';
      readonly minBackoffSeconds: number;
      readonly maxBackoffSeconds: number;
      readonly maxAttempts?: number;
    };
