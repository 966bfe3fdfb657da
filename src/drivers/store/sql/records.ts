import type { Insertable, Selectable } from 'kysely';
import type { Connector, ConnectorStaged } from '../../../core/connector.ts';
import { foldText, searchedText } from '../../../core/connector-search.ts';
import type { Deployment } from '../../../core/deployment.ts';
import type {
  Operation,
  OperationInput,
  OperationState,
  StepEntry,
  Subject,
} from '../../../core/operation.ts';
import type { Release, ReleaseState } from '../../../core/release.ts';
import type { DeploymentRevision } from '../../../core/revision.ts';
import type { Address, InstanceRecord, ReleaseMark } from '../../../ports/runtime-reader.ts';
import type { AccessToken, ApiClient, Project } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

/** Records to rows and back. What is only JSON in a column is trusted: nobody else writes it. */

export const fromDocument = <T>(row: { readonly document: string }): T =>
  JSON.parse(row.document) as T;

export function stagedRow(record: ConnectorStaged): Insertable<Schema['connector_staged']> {
  return { ...keyedRow(record), is_private: record.private ? 1 : 0, status: record.status };
}

export function connectorRow(record: Connector): Insertable<Schema['connector']> {
  return {
    ...keyedRow(record),
    is_private: record.private ? 1 : 0,
    is_listed: record.listed ? 1 : 0,
    company: foldText(record.creator.company ?? ''),
    searched_text: searchedText(record),
  };
}

export function deploymentRow(record: Deployment): Insertable<Schema['deployment']> {
  const { type, connector } = record;
  return {
    ...keyedRow(record),
    type,
    connector_id: connector.id,
    integration_types: [...new Set(connector.integrationTypes)].toSorted().join(' '),
  };
}

export function revisionRow(record: DeploymentRevision): Insertable<Schema['revision']> {
  return {
    deployment_id: record.deploymentId,
    number: record.number,
    project_key: record.projectKey,
    artifact_keys: JSON.stringify(record.applications.map(({ artifactKey }) => artifactKey)),
    document: JSON.stringify(record),
    created_at: record.createdAt,
  };
}

function keyedRow(record: Connector | ConnectorStaged | Deployment) {
  return {
    id: record.id,
    project_key: record.projectKey,
    key: record.key ?? null,
    version: record.version,
    document: JSON.stringify(record),
    created_at: record.createdAt,
    last_modified_at: record.lastModifiedAt,
  };
}

export function projectOf(row: Selectable<Schema['project']>): Project {
  return {
    key: row.key,
    productionEnabled: row.production_enabled === 1,
    createdAt: row.created_at,
  };
}

export function clientOf(row: Selectable<Schema['api_client']>): ApiClient {
  return {
    id: row.id,
    projectKey: row.project_key,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    secretHash: row.secret_hash,
    createdAt: row.created_at,
  };
}

export function tokenOf(row: Selectable<Schema['access_token']>): AccessToken {
  return {
    hash: row.hash,
    clientId: row.client_id,
    projectKey: row.project_key,
    scopes: JSON.parse(row.scopes),
    expiresAt: row.expires_at,
  };
}

export function operationOf(row: Selectable<Schema['operation']>): Operation {
  return {
    id: row.id,
    projectKey: row.project_key,
    subject: row.subject as Subject,
    input: JSON.parse(row.input) as OperationInput,
    state: row.state as OperationState,
    attempt: row.attempt,
    createdAt: row.created_at,
    deadlineAt: row.deadline_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.cancel_requested_at === null
      ? {}
      : { cancel: { at: row.cancel_requested_at, by: row.cancel_requested_by ?? '' } }),
    ...(row.uncancellable === null ? {} : { uncancellable: row.uncancellable }),
  };
}

export function operationRow(operation: Operation): Insertable<Schema['operation']> {
  return {
    id: operation.id,
    project_key: operation.projectKey,
    subject: operation.subject,
    report_id: operation.input.reportId,
    input: JSON.stringify(operation.input),
    state: operation.state,
    attempt: operation.attempt,
    worker: null,
    lease_until: null,
    created_at: operation.createdAt,
    deadline_at: operation.deadlineAt,
    finished_at: null,
  };
}

export function entryOf(row: Selectable<Schema['report_entry']>): StepEntry {
  return {
    reportId: row.report_id,
    step: row.step,
    type: row.type as StepEntry['type'],
    title: row.title,
    ...(row.message === null ? {} : { message: row.message }),
    ...(row.application === null ? {} : { application: row.application }),
    createdAt: row.created_at,
  };
}

/** Of a release that is new. */
export function releaseRow(record: Release) {
  return {
    id: record.id,
    deployment_id: record.deploymentId,
    number: record.number,
    state: record.state,
    routed: 0,
    document: JSON.stringify(record),
    created_at: record.createdAt,
  };
}

/** The state lives in its column: it and whether it is routed are what changes of a release without being replaced. */
export function releaseOf(row: Selectable<Schema['release']>): Release {
  return {
    ...fromDocument<Release>(row),
    state: row.state as ReleaseState,
    routed: row.routed === 1,
  };
}

export function markOf(
  row: Pick<Selectable<Schema['release']>, 'id' | 'state' | 'routed' | 'edition'>,
): ReleaseMark {
  const { id, edition } = row;
  return { id, state: row.state as ReleaseState, routed: row.routed === 1, edition };
}

export const instanceOf = (row: Selectable<Schema['instance']>): InstanceRecord =>
  fromDocument(row);

export function addressOf(row: Selectable<Schema['address']>): Address {
  return {
    hostLabel: row.host_label,
    projectKey: row.project_key,
    deploymentId: row.deployment_id,
    applicationName: row.application_name,
    ...(row.port === null ? {} : { port: row.port }),
    state: row.state as Address['state'],
  };
}

export function addressRow(address: Address): Insertable<Schema['address']> {
  return {
    host_label: address.hostLabel,
    project_key: address.projectKey,
    deployment_id: address.deploymentId,
    application_name: address.applicationName,
    port: address.port ?? null,
    state: address.state,
  };
}
