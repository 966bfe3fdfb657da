import type { ConnectorSpec } from './connector-spec.ts';

/** Contract §1.1: the regions the clients know. Berth runs all of them on the same machine. */
export const regions = [
  'us-central1.gcp',
  'europe-west1.gcp',
  'australia-southeast1.gcp',
  'us-east-2.aws',
  'eu-central-1.aws',
] as const;
export type Region = (typeof regions)[number];

export const integrationTypes = [
  'analytics',
  'crm',
  'email',
  'erp',
  'giftcard',
  'marketplace',
  'oms',
  'other',
  'pim',
  'promotion',
  'psp',
  'search',
  'shipping',
  'tax',
] as const;
export type IntegrationType = (typeof integrationTypes)[number];

export interface Creator {
  readonly email: string;
  readonly name?: string;
  readonly title?: string;
  readonly company?: string;
  readonly logoUrl?: string;
  readonly noOfContributors?: number;
  readonly supportUrl?: string;
}

/** What the staged and the published Connector have in common. */
export interface ConnectorContent {
  readonly name: string;
  readonly description?: string;
  readonly integrationTypes: readonly IntegrationType[];
  readonly creator: Creator;
  readonly repository: { readonly url: string; readonly tag: string };
  /** What the tag pointed at when it was read last: builds use it, whatever the tag does later. */
  readonly commit: string;
  readonly spec: ConnectorSpec;
  readonly supportedRegions: readonly Region[];
  readonly documentationUrl?: string;
  readonly privateProjects: readonly string[];
}

/** Contract §7. */
export const connectorStagedStatuses = [
  'Draft',
  'Processing',
  'ReadyForCertification',
  'InCertification',
  'Published',
  'Failed',
] as const;
export type ConnectorStagedStatus = (typeof connectorStagedStatuses)[number];

/** Strings, not booleans (contract §7). */
export const previewabilities = ['none', 'pending', 'true', 'false'] as const;
export type IsPreviewable = (typeof previewabilities)[number];

/** The editable draft (contract §7). Owned by the project whose token made it. */
export interface ConnectorStaged extends ConnectorContent {
  readonly id: string;
  readonly projectKey: string;
  readonly key?: string;
  readonly version: number;
  readonly status: ConnectorStagedStatus;
  readonly isPreviewable: IsPreviewable;
  readonly private: boolean;
  readonly alreadyListed: boolean;
  readonly hasChanges: boolean;
  readonly previewReportId?: string;
  readonly publishingReportId?: string;
  /** What was validated and waits to be certified, whatever the draft becomes meanwhile. */
  readonly candidate?: ConnectorContent;
  readonly certificationComments?: readonly CertificationComment[];
  /** What the newest preview or publish built: kept so that deploying it builds nothing. */
  readonly artifactKeys?: readonly string[];
  readonly createdAt: number;
  readonly lastModifiedAt: number;
}

/** Said during certification, by the creator or by who certifies. Oldest first. */
export interface CertificationComment {
  /** The project key of the creator, or `operator`. */
  readonly userId: string;
  readonly comment: string;
  readonly createdAt: number;
}

/** What publishing made of it: read-only, deployable, same id. */
export interface Connector extends ConnectorContent {
  readonly id: string;
  readonly projectKey: string;
  readonly key?: string;
  readonly version: number;
  readonly private: boolean;
  readonly certified: boolean;
  /** False once `unlist` has hidden it: search finds it no more, whoever may see it can still read and deploy it. */
  readonly listed: boolean;
  readonly createdAt: number;
  readonly lastModifiedAt: number;
}

/** Of a Connector, staged or published, what both have. */
export function contentOf(connector: ConnectorContent): ConnectorContent {
  const { description, documentationUrl } = connector;
  return {
    name: connector.name,
    ...(description === undefined ? {} : { description }),
    integrationTypes: connector.integrationTypes,
    creator: connector.creator,
    repository: connector.repository,
    commit: connector.commit,
    spec: connector.spec,
    supportedRegions: connector.supportedRegions,
    ...(documentationUrl === undefined ? {} : { documentationUrl }),
    privateProjects: connector.privateProjects,
  };
}

/**
 * The projects that may see and deploy a private connector: its creator's and those it lists as `{region}:{projectKey}`.
 * The region does not count: all of them run where Berth runs.
 */
export function assignedProjects(connector: {
  readonly projectKey: string;
  readonly privateProjects: readonly string[];
}): readonly string[] {
  const listed = connector.privateProjects.map((entry) => entry.slice(entry.indexOf(':') + 1));
  return [...new Set([connector.projectKey, ...listed])];
}

/** What a project may not see does not exist for it. */
export function isVisibleTo(
  connector: {
    readonly projectKey: string;
    readonly private: boolean;
    readonly privateProjects: readonly string[];
  },
  projectKey: string,
): boolean {
  return !connector.private || assignedProjects(connector).includes(projectKey);
}
