import { type Kysely, type SelectQueryBuilder, sql, type UpdateObject } from 'kysely';
import { assignedProjects } from '../../../core/connector.ts';
import type { Subject } from '../../../core/operation.ts';
import type { Change, Fence } from '../../../ports/store.ts';
import { appendStatement, isCancellable, pruneStatements } from './audit-log.ts';
import { deleteDeployment, insertDeployment, updateDeployment } from './deployments.ts';
import type { SqlDialect } from './dialect.ts';
import { forgetJobRuns, insertRequestedRun } from './job-runs.ts';
import { forgetKeptAnswers, insertKeptAnswer, updateKeptAnswer } from './kept-answers.ts';
import {
  addressRow,
  connectorRow,
  operationRow,
  releaseRow,
  revisionRow,
  stagedRow,
} from './records.ts';
import type { Schema } from './schema.ts';
import { sealingKeyWriters } from './sealing-keys.ts';
import { putToken } from './tokens.ts';
import { one, type Write, type Writer } from './write.ts';

/** What makes a change true, in order. */
export function writesOf(
  db: Kysely<Schema>,
  dialect: SqlDialect,
  change: Change,
): readonly Write[] {
  const write = writers[change.kind] as Writer<Change>;
  return write(db, change, dialect);
}

/** Changes nothing, and nothing at all is changed unless it finds its row. */
export function fenceWrites(db: Kysely<Schema>, fence: Fence): readonly Write[] {
  const { operationId: id, attempt } = fence;
  const held = db
    .updateTable('operation')
    .set({ attempt })
    .where('id', '=', id)
    .where('attempt', '=', attempt)
    .where('state', '=', fence.whileQueued ? 'queued' : 'running');
  const write = { query: held, expects: { kind: 'fence', id } } as const;
  if (!fence.unlessCancelled) return [write];
  const unasked = held.where('cancel_requested_at', 'is', null);
  return [write, { query: unasked, expects: { kind: 'no-cancel', id } }];
}

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>;

const writers: {
  readonly [K in Change['kind']]: Writer<Of<K>>;
} = {
  'put-project': (db, { project }) => {
    const row = {
      production_enabled: project.productionEnabled ? 1 : 0,
      created_at: project.createdAt,
    };
    return one(
      db
        .insertInto('project')
        .values({ key: project.key, ...row })
        .onConflict((on) =>
          on.column('key').doUpdateSet({ production_enabled: row.production_enabled }),
        ),
    );
  },
  'put-client': (db, { client }) => {
    const row = {
      project_key: client.projectKey,
      name: client.name,
      scopes: JSON.stringify(client.scopes),
      secret_hash: client.secretHash,
      created_at: client.createdAt,
    };
    return one(
      db
        .insertInto('api_client')
        .values({ id: client.id, ...row })
        .onConflict((on) => on.column('id').doUpdateSet(row)),
    );
  },
  'delete-client': (db, { projectKey, id }) => [
    {
      query: db.deleteFrom('api_client').where('project_key', '=', projectKey).where('id', '=', id),
    },
    {
      query: db
        .deleteFrom('access_token')
        .where('project_key', '=', projectKey)
        .where('client_id', '=', id),
    },
  ],
  'put-token': (db, change, dialect) => putToken(db, dialect, change),
  'insert-connector-staged': (db, { record }) =>
    one(db.insertInto('connector_staged').values(stagedRow(record))),
  'update-connector-staged': (db, { record, expectedVersion }) => [
    {
      query: db
        .updateTable('connector_staged')
        .set(stagedRow(record))
        .where('id', '=', record.id)
        .where('version', '=', expectedVersion),
      expects: { kind: 'version', id: record.id },
    },
  ],
  'delete-connector-staged': (db, { id, expectedVersion }) => [
    {
      query: db
        .deleteFrom('connector_staged')
        .where('id', '=', id)
        .where('version', '=', expectedVersion),
      expects: { kind: 'version', id },
    },
    ...forgetSubject(db, `connector:${id}`),
  ],
  'put-connector': (db, { record }) => {
    const row = connectorRow(record);
    const projects = assignedProjects(record).map((project_key) => ({
      connector_id: record.id,
      project_key,
    }));
    return [
      {
        query: db
          .insertInto('connector')
          .values(row)
          .onConflict((on) => on.column('id').doUpdateSet(row)),
      },
      { query: db.deleteFrom('connector_project').where('connector_id', '=', record.id) },
      { query: db.insertInto('connector_project').values(projects) },
    ];
  },
  'insert-deployment': (db, { record }) => insertDeployment(db, record),
  'update-deployment': (db, change) => updateDeployment(db, change),
  'delete-deployment': (db, { id, keepAddresses }, dialect) => {
    const releases = db.selectFrom('release').select('id').where('deployment_id', '=', id);
    return [
      ...deleteDeployment(db, dialect, id),
      { query: db.deleteFrom('sealing_key').where('owner', '=', id) },
      { query: db.deleteFrom('instance').where('release_id', 'in', releases) },
      { query: db.deleteFrom('release').where('deployment_id', '=', id) },
      { query: db.deleteFrom('revision').where('deployment_id', '=', id) },
      ...forgetSubject(db, `deployment:${id}`),
      { query: db.deleteFrom('job_run').where('deployment_id', '=', id) },
      {
        query: keepAddresses
          ? db.updateTable('address').set({ state: 'released' }).where('deployment_id', '=', id)
          : db.deleteFrom('address').where('deployment_id', '=', id),
      },
    ];
  },
  'insert-revision': (db, { record }) => one(db.insertInto('revision').values(revisionRow(record))),
  'delete-revisions': (db, { deploymentId, numbers }) =>
    numbers.length === 0
      ? []
      : one(
          db
            .deleteFrom('revision')
            .where('deployment_id', '=', deploymentId)
            .where('number', 'in', numbers),
        ),
  'insert-operation': (db, { operation }) =>
    one(db.insertInto('operation').values(operationRow(operation))),
  'finish-operation': (db, { operationId, state, finishedAt }) =>
    one(
      db
        .updateTable('operation')
        .set({
          state,
          finished_at: finishedAt,
          worker: null,
          lease_until: null,
          ...nextChange,
          end_number: nextChange.changes,
        })
        .where('id', '=', operationId),
    ),
  'request-cancel': (db, { projectKey, operationId, request }) =>
    one(
      db
        .updateTable('operation')
        .set({
          cancel_requested_at: request.at,
          cancel_requested_by: request.by,
          ...nextChange,
          cancel_number: nextChange.changes,
        })
        .where('id', '=', operationId)
        .where('project_key', '=', projectKey)
        .where(isCancellable),
    ),
  'forbid-cancel': (db, { operationId, reason }) =>
    one(db.updateTable('operation').set({ uncancellable: reason }).where('id', '=', operationId)),
  'forget-operations': (db, { keep }, dialect) => {
    const outdated = sql<string>`(select id from (
      select id, row_number() over (partition by subject, ${dialect.textOf('input', 'kind')} order by seq desc) as age
      from operation where finished_at is not null) as aged where age > ${keep})`;
    return forgetOperations(db, db.selectFrom('operation').where('id', 'in', outdated));
  },
  'begin-step': (db, { operationId, step, startedAt }) => [
    countChange(db, operationId),
    // A step that begins again is the newest.
    {
      query: db
        .deleteFrom('operation_step_start')
        .where('operation_id', '=', operationId)
        .where('name', '=', step),
    },
    {
      query: db.insertInto('operation_step_start').values({
        operation_id: operationId,
        name: step,
        started_at: startedAt,
        number: changesOf(operationId),
      }),
    },
  ],
  'put-step': (db, { operationId, step, finishedAt }) => {
    const row = {
      result: JSON.stringify(step.result ?? null),
      finished_at: finishedAt,
      number: changesOf(operationId),
    };
    const query = db
      .insertInto('operation_step')
      .values({ operation_id: operationId, name: step.name, ...row })
      .onConflict((on) => on.columns(['operation_id', 'name']).doUpdateSet(row));
    return [countChange(db, operationId), { query }];
  },
  'put-entries': (db, { reportId, step, entries }) => [
    {
      query: db
        .deleteFrom('report_entry')
        .where('report_id', '=', reportId)
        .where('step', '=', step),
    },
    ...entries.map((entry) => ({
      query: db.insertInto('report_entry').values({
        report_id: reportId,
        step,
        type: entry.type,
        title: entry.title,
        message: entry.message ?? null,
        application: entry.application ?? null,
        created_at: entry.createdAt,
      }),
    })),
  ],
  'insert-release': (db, { record }) => {
    const row = releaseRow(record);
    // A step that runs again after a crash proposes the same release again.
    return one(
      db
        .insertInto('release')
        .values(row)
        .onConflict((on) => on.column('id').doUpdateSet({ ...row, edition: nextEdition })),
    );
  },
  'replace-artifacts': (db, { record }) =>
    setRelease(db, record.id, { document: JSON.stringify(record), edition: nextEdition }),
  'set-release-state': (db, { id, state }) => setRelease(db, id, { state }),
  'forget-release': (db, { id }) => one(db.deleteFrom('release').where('id', '=', id)),
  'set-release-routed': (db, { id }) => setRelease(db, id, { routed: 1 }),
  'put-instance': (db, { instance }) => {
    const row = {
      release_id: instance.releaseId,
      document: JSON.stringify(instance),
      updated_at: instance.updatedAt,
    };
    return one(
      db
        .insertInto('instance')
        .values({ id: instance.id, ...row })
        .onConflict((on) => on.column('id').doUpdateSet(row)),
    );
  },
  'delete-instances': (db, { ids }) =>
    ids.length === 0 ? [] : one(db.deleteFrom('instance').where('id', 'in', ids)),
  'put-address': (db, { address }) => {
    const row = addressRow(address);
    return one(
      db
        .insertInto('address')
        .values(row)
        .onConflict((on) => on.column('host_label').doUpdateSet(row)),
    );
  },
  'delete-address': (db, { hostLabel }) =>
    one(db.deleteFrom('address').where('host_label', '=', hostLabel)),
  'set-address-state': (db, { tried, state }) =>
    one(
      db
        .updateTable('address')
        .set({ state })
        .where('host_label', '=', tried.hostLabel)
        .where('port', tried.port === undefined ? 'is' : '=', tried.port ?? null)
        .where('state', '=', tried.state),
    ),
  'request-job-run': (db, { run }) => insertRequestedRun(db, run),
  'forget-job-runs': (db, { keep }) => forgetJobRuns(db, keep),
  'append-audit-log': (db, change, dialect) => one(appendStatement(db, dialect, change)),
  'prune-audit-log': (db, change) => pruneStatements(db, change).map((query) => ({ query })),
  'insert-kept-answer': (db, { answer, limits }) => insertKeptAnswer(db, answer, limits),
  'update-kept-answer': (db, { id, sealed }) => updateKeptAnswer(db, id, sealed),
  'forget-kept-answers': (db, { until }) => forgetKeptAnswers(db, until),
  ...sealingKeyWriters,
};

/** The number of a change that is written with it. */
const nextChange = { changes: sql<number>`changes + 1` };

function countChange(db: Kysely<Schema>, operationId: string): Write {
  return { query: db.updateTable('operation').set(nextChange).where('id', '=', operationId) };
}

/** The number of the change that was counted just now. */
function changesOf(operationId: string) {
  return sql<number>`coalesce((select changes from operation where id = ${operationId}), 0)`;
}

/** Also of an operation that runs: it finds itself fenced off. */
function forgetSubject(db: Kysely<Schema>, subject: Subject): readonly Write[] {
  return forgetOperations(db, db.selectFrom('operation').where('subject', '=', subject));
}

function forgetOperations(
  db: Kysely<Schema>,
  operations: SelectQueryBuilder<Schema, 'operation', object>,
): readonly Write[] {
  const ids = operations.select('id');
  const reports = operations.select('report_id');
  return [
    { query: db.deleteFrom('report_entry').where('report_id', 'in', reports) },
    { query: db.deleteFrom('operation_step').where('operation_id', 'in', ids) },
    { query: db.deleteFrom('operation_step_start').where('operation_id', 'in', ids) },
    { query: db.deleteFrom('operation').where('id', 'in', ids) },
  ];
}

const nextEdition = sql<number>`release.edition + 1`;

function setRelease(db: Kysely<Schema>, id: string, values: UpdateObject<Schema, 'release'>) {
  return one(db.updateTable('release').set(values).where('id', '=', id));
}
