import type { ConfigurationValue, StoredConfiguration } from './configuration.ts';
import {
  type Connector,
  type ConnectorContent,
  type ConnectorStaged,
  contentOf,
  type Region,
} from './connector.ts';
import type { RetryPolicy } from './connector-spec.ts';
import type { DeploymentStatus } from './deployment-status.ts';
import type { RunPolicies } from './job-run.ts';

export const deploymentTypes = ['preview', 'sandbox', 'production'] as const;
export type DeploymentType = (typeof deploymentTypes)[number];

/** A Connector installed in a project and region, with configuration (contract §1.2). */
export interface Deployment {
  readonly id: string;
  readonly projectKey: string;
  readonly key?: string;
  /** +1 on every accepted redeploy, rollback and delete; background work never moves it (contract §10, row 15). */
  readonly version: number;
  readonly type: DeploymentType;
  readonly status: DeploymentStatus;
  readonly region: Region;
  readonly connector: ConnectorSnapshot;
  readonly applications: readonly ApplicationDeployment[];
  readonly globalConfiguration: StoredConfiguration;
  /** The id of `details.build`: names the report of the newest deploy. */
  readonly buildId: string;
  readonly apiClient?: DeploymentApiClient;
  /** Earlier ones, to be deleted once nothing uses them. */
  readonly replacedApiClients?: readonly Pick<DeploymentApiClient, 'id' | 'madeAt'>[];
  /** The revision that the newest deploy went back to; absent where it was a create or a redeploy. */
  readonly rollbackRevision?: number;
  readonly createdAt: number;
  readonly lastModifiedAt: number;
}

/** The connector as it was when the Deployment took it (contract §7: only `updateConnector` moves it). */
export interface ConnectorSnapshot extends ConnectorContent {
  readonly id: string;
  readonly key?: string;
  readonly version: number;
  readonly certified: boolean;
  readonly staged: boolean;
}

export interface ApplicationDeployment extends RunPolicies {
  readonly id: string;
  readonly name: string;
  readonly configuration: StoredConfiguration;
  /** The client's own schedule or retry policy; absent: `connect.yaml` decides. */
  readonly schedule?: string;
  readonly retryPolicy?: RetryPolicy;
  /** How many instances the client wants to run; absent: the Deployment's type decides. */
  readonly minInstances?: number;
  readonly maxInstances?: number;
  /** Set by the first successful deploy and kept for good (contract §10, row 38). */
  readonly url?: string;
  readonly topic?: string;
  /** True once a deploy of it has succeeded. */
  readonly deployed?: boolean;
}

/** The API client made for `inheritAs.apiClient`. */
export interface DeploymentApiClient {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly sealedSecret: string;
  readonly scope: string;
  /** Where it was made, and so where it must be deleted. What the operator has brought, the operator keeps. */
  readonly madeAt: 'platform' | 'berth' | 'operator';
}

export interface ApplicationValues extends RunPolicies {
  readonly applicationName: string;
  readonly standard: readonly ConfigurationValue[];
  readonly secured: readonly ConfigurationValue[];
  readonly schedule?: string;
  readonly retryPolicy?: SentRetryPolicy;
  readonly minInstances?: number;
  readonly maxInstances?: number;
}

/** As a client sent it. Which values are allowed is a rule of its own. */
export interface SentRetryPolicy {
  readonly strategy: string;
  readonly minBackoffSeconds?: number;
  readonly maxBackoffSeconds?: number;
  readonly maxAttempts?: number;
}

export interface GlobalValues {
  readonly standard: readonly ConfigurationValue[];
  readonly secured: readonly ConfigurationValue[];
}

/** A create request, parsed. */
export interface DeploymentDraft {
  readonly key?: string;
  readonly type?: DeploymentType;
  readonly connector: {
    readonly id?: string;
    readonly key?: string;
    readonly staged: boolean;
    readonly version?: number;
  };
  readonly configurations: readonly ApplicationValues[];
  readonly globalConfiguration?: GlobalValues;
  readonly region: string;
}

/** The one update action, parsed (contract §2.4). */
export interface Redeploy {
  readonly skipScripts: boolean;
  readonly updateConnector: boolean;
  readonly configurationValues?: readonly ApplicationValues[];
  readonly globalConfiguration?: GlobalValues;
}

export function snapshotConnector(connector: Connector | ConnectorStaged): ConnectorSnapshot {
  return {
    id: connector.id,
    ...(connector.key === undefined ? {} : { key: connector.key }),
    version: connector.version,
    ...contentOf(connector),
    certified: 'certified' in connector && connector.certified,
    staged: !('certified' in connector),
  };
}
