import type { AuditedResource, Shown } from '../../core/audit-log.ts';
import type { SealingKey } from '../../core/sealing-key.ts';
import type { Digester } from '../../ports/secret-box.ts';
import type { Change, Store } from '../../ports/store.ts';
import { printJobRun } from '../../wire/job-run.ts';
import { printOperationSummary } from '../../wire/operation.ts';
import { showApiClient, showConnectorStaged, showDeployment, showProject } from './show.ts';

/** What a change does to one record. */
export interface Described {
  readonly projectKey: string;
  readonly resource: AuditedResource;
  readonly before?: Shown;
  readonly after?: Shown;
  /** As of the store's change. */
  readonly onlyWhile?: Extract<Change, { kind: 'append-audit-log' }>['onlyWhile'];
}

interface Given {
  readonly store: Store;
  readonly digester: Digester;
  /** The whole commit. */
  readonly changes: readonly Change[];
}

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** Goes with the change of a record, or is nothing that a person asks for: it has no entry of its own. */
const silent = 'silent';

/** Of one change; undefined where it is silent. The record as it was is what the commit's version check finds again. */
export async function describeChange(change: Change, given: Given): Promise<Described | undefined> {
  const describe = describers[change.kind] as Describer<Change['kind']>;
  return describe === silent ? undefined : describe(change, given);
}

type Describer<K extends Change['kind']> =
  | typeof silent
  | ((change: Of<K>, given: Given) => Described | Promise<Described>);

/** A new kind of change needs a row: nobody can forget the audit log. */
const describers: { readonly [K in Change['kind']]: Describer<K> } = {
  'put-project': async ({ project }, { store }) => {
    const before = await store.projects.get(project.key);
    return {
      projectKey: project.key,
      resource: { typeId: 'project', id: project.key },
      ...(before === undefined ? {} : { before: showProject(before) }),
      after: showProject(project),
    };
  },
  'put-client': async ({ client }, { store, digester }) => {
    const before = await store.projects.client(client.id);
    return {
      projectKey: client.projectKey,
      resource: { typeId: 'api-client', id: client.id },
      ...(before === undefined ? {} : { before: showApiClient(before, digester) }),
      after: showApiClient(client, digester),
    };
  },
  'delete-client': async ({ projectKey, id }, { store, digester }) => {
    const before = await store.projects.client(id);
    return {
      projectKey,
      resource: { typeId: 'api-client', id },
      ...(before === undefined ? {} : { before: showApiClient(before, digester) }),
      onlyWhile: { client: id },
    };
  },
  'insert-connector-staged': ({ record }) => ({
    projectKey: record.projectKey,
    resource: resourceOf('connector-staged', record),
    after: showConnectorStaged(record),
  }),
  'update-connector-staged': async ({ record }, { store }) => {
    const [before] = await store.connectors.stagedAnywhere({ id: record.id });
    return {
      projectKey: record.projectKey,
      resource: resourceOf('connector-staged', record),
      ...(before === undefined ? {} : { before: showConnectorStaged(before) }),
      after: showConnectorStaged(record),
    };
  },
  'delete-connector-staged': async ({ id }, { store }) => {
    const [before] = await store.connectors.stagedAnywhere({ id });
    return {
      projectKey: before?.projectKey ?? '',
      resource: resourceOf('connector-staged', { ...before, id }),
      ...(before === undefined ? {} : { before: showConnectorStaged(before) }),
    };
  },
  'put-connector': silent,
  'insert-deployment': async ({ record }, given) => ({
    projectKey: record.projectKey,
    resource: resourceOf('deployment', record),
    after: showDeployment(record, given.digester, await keyOf(record.id, given)),
  }),
  'update-deployment': async ({ record }, given) => {
    const { store, digester, changes } = given;
    const sealingKey = await keyOf(record.id, given);
    const before = await store.deployments.byId(record.id);
    const isGone = changes.some(
      (change) => change.kind === 'delete-deployment' && change.id === record.id,
    );
    return {
      projectKey: record.projectKey,
      resource: resourceOf('deployment', record),
      ...(before === undefined ? {} : { before: showDeployment(before, digester, sealingKey) }),
      ...(isGone ? {} : { after: showDeployment(record, digester, sealingKey) }),
    };
  },
  // Clients delete with a version check: the update beside it tells.
  'delete-deployment': silent,
  'request-cancel': async ({ projectKey, operationId, request }, { store }) => {
    const before = await store.operationRecords.get(projectKey, operationId);
    const resource = { typeId: 'operation', id: operationId } as const;
    const onlyWhile = { cancellable: operationId };
    if (before === undefined) return { projectKey, resource, onlyWhile };
    const shown = printOperationSummary(before);
    return {
      projectKey,
      resource: { ...resource, subject: shown.subject },
      before: shown,
      after: printOperationSummary({ ...before, cancel: request }),
      onlyWhile,
    };
  },
  'put-token': silent,
  'insert-revision': silent,
  'delete-revisions': silent,
  'insert-operation': silent,
  'finish-operation': silent,
  'forbid-cancel': silent,
  'forget-operations': silent,
  'begin-step': silent,
  'put-step': silent,
  'put-entries': silent,
  'insert-release': silent,
  'replace-artifacts': silent,
  'set-release-state': silent,
  'forget-release': silent,
  'set-release-routed': silent,
  'put-instance': silent,
  'delete-instances': silent,
  'put-address': silent,
  'delete-address': silent,
  'set-address-state': silent,
  'request-job-run': ({ run }) => ({
    projectKey: run.projectKey,
    resource: {
      typeId: 'job-run',
      id: run.id,
      subject: { typeId: 'deployment', id: run.deploymentId },
    },
    after: printJobRun(run),
  }),
  'forget-job-runs': silent,
  'append-audit-log': silent,
  'prune-audit-log': silent,
  'insert-kept-answer': silent,
  'update-kept-answer': silent,
  'forget-kept-answers': silent,
  'set-master-key': silent,
  'insert-sealing-key': silent,
  'rewrap-sealing-key': silent,
  'delete-sealing-keys': silent,
};

/** That of a new Deployment is in the same commit. */
async function keyOf(owner: string, { store, changes }: Given): Promise<SealingKey | undefined> {
  const inserted = changes.find(
    (change) => change.kind === 'insert-sealing-key' && change.key.owner === owner,
  );
  return inserted?.kind === 'insert-sealing-key' ? inserted.key : store.sealingKeys.get(owner);
}

function resourceOf(
  typeId: AuditedResource['typeId'],
  { id, key }: { readonly id: string; readonly key?: string },
): AuditedResource {
  return { typeId, id, ...(key === undefined ? {} : { key }) };
}
