import { type Kysely, type Selectable, sql } from 'kysely';
import {
  type JobRun,
  type JobRunState,
  type JobRunTrigger,
  skippedBecauseOverlapping,
} from '../../../core/job-run.ts';
import type { BeginningRun, EndedRun, JobRunFilter, JobRuns } from '../../../ports/job-runs.ts';
import type { SqlDialect } from './dialect.ts';
import type { Schema } from './schema.ts';
import { one, type Write } from './write.ts';

type Db = Kysely<Schema>;

export function createJobRuns(db: Db, dialect: SqlDialect): JobRuns {
  return {
    async get(projectKey, id) {
      const row = await db
        .selectFrom('job_run')
        .selectAll()
        .where('project_key', '=', projectKey)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && jobRunOf(row);
    },
    async query(projectKey, { limit, offset, ...filter }) {
      const matching = matchingRuns(db, projectKey, filter);
      const total = await matching
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(limit)
        .offset(offset)
        .execute();
      return { total: Number(total.count), results: rows.map(jobRunOf) };
    },
    async requested(limit) {
      const rows = await db
        .selectFrom('job_run')
        .selectAll()
        .where('state', '=', 'requested')
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(jobRunOf);
    },
    async begin(runs) {
      const begun = await insertRuns(db, dialect, runs);
      const left = runs.filter(({ id }) => !begun.has(id));
      if (left.length === 0) return begun;
      const skipped = left.filter((run) => run.alone && run.skipped === undefined);
      const others = skipped.map((run) => ({ ...run, skipped: skippedBecauseOverlapping }));
      return new Map([
        ...begun,
        ...(await findBegun(db, dialect, left)),
        ...(await insertRuns(db, dialect, others)),
      ]);
    },
    async take(runs) {
      if (runs.length === 0) return new Set();
      const rows = runs.map(({ id, plane, startedAt, alone }) => ({
        ...{ id, plane },
        started_at: startedAt,
        is_alone: alone ? 1 : 0,
      }));
      const given = dialect.rowsOf(JSON.stringify(rows), {
        ...{ id: 'text', plane: 'text', started_at: 'number', is_alone: 'number' },
      } as const);
      // Locked in one order: of two data planes that take the same runs neither waits for the other's in a circle.
      const { rows: taken } = await sql<{ id: string }>`
        with given as (select * from ${given} as listed), locked as (
          select id from job_run where state = 'requested' and id in (select id from given) order by id ${dialect.forUpdate})
        update job_run set state = 'running', plane = given.plane, started_at = given.started_at, is_alone = given.is_alone
        from given
        where job_run.id = given.id and job_run.id in (select id from locked) and job_run.state = 'requested' and not (given.is_alone = 1 and exists (
          select 1 from job_run other
          where other.deployment_id = job_run.deployment_id and other.application_name = job_run.application_name
            and other.state = 'running' and other.is_alone = 1))
        returning job_run.id`.execute(db);
      return new Set(taken.map(({ id }) => id));
    },
    async end(runs) {
      if (runs.length === 0) return;
      const given = dialect.rowsOf(JSON.stringify(runs.map(endedRow)), {
        ...{ id: 'text', from_state: 'text', state: 'text', started_at: 'number' },
        ...{ finished_at: 'number', status: 'number', reason: 'text' },
      } as const);
      await sql`
        update job_run set state = given.state, started_at = coalesce(given.started_at, job_run.started_at),
          finished_at = given.finished_at, status = given.status, reason = given.reason
        from ${given} as given
        where job_run.id = given.id and job_run.state = given.from_state`.execute(db);
    },
    async interrupt({ plane, at, reason }) {
      const result = await db
        .updateTable('job_run')
        .set({ state: 'interrupted', finished_at: at, reason })
        .where('state', '=', 'running')
        .where('plane', '=', plane)
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },
  };
}

export function insertRequestedRun(db: Db, run: JobRun): readonly Write[] {
  const row = db
    .selectFrom('deployment')
    .select([
      sql.val(run.id).as('id'),
      'project_key',
      'id as deployment_id',
      sql.val(run.applicationName).as('application_name'),
      sql.lit('request').as('trigger_kind'),
      sql.lit('requested').as('state'),
      sql.lit(0).as('is_alone'),
      sql.val(run.scheduledFor).as('requested_at'),
      sql.val(run.requestedBy ?? null).as('requested_by'),
    ])
    .where('id', '=', run.deploymentId)
    .where('project_key', '=', run.projectKey);
  return one(
    db
      .insertInto('job_run')
      .columns([
        ...(['id', 'project_key', 'deployment_id', 'application_name', 'trigger_kind'] as const),
        ...(['state', 'is_alone', 'requested_at', 'requested_by'] as const),
      ])
      .expression(row),
  );
}

/** Also what began in the moment in which its Deployment went. */
export function forgetJobRuns(db: Db, keep: number): readonly Write[] {
  const outdated = sql<number>`(select seq from (
    select seq, row_number() over (
      partition by deployment_id, application_name, case when tick_at is null then 1 else 0 end order by seq desc) as age
    from job_run where finished_at is not null) as aged where age > ${keep})`;
  const deployments = db.selectFrom('deployment').select('id');
  return [
    { query: db.deleteFrom('job_run').where('seq', 'in', outdated) },
    { query: db.deleteFrom('job_run').where('deployment_id', 'not in', deployments) },
  ];
}

type Begun = ReadonlyMap<string, 'running' | 'skipped'>;

async function insertRuns(
  db: Db,
  dialect: SqlDialect,
  runs: readonly BeginningRun[],
): Promise<Begun> {
  if (runs.length === 0) return new Map();
  const given = dialect.rowsOf(JSON.stringify(runs.map(beginningRow)), {
    ...{ id: 'text', deployment_id: 'text', application_name: 'text', trigger_kind: 'text' },
    ...{ state: 'text', is_alone: 'number', tick_at: 'number', plane: 'text' },
    ...{ started_at: 'number', finished_at: 'number', reason: 'text' },
  } as const);
  // In one order everywhere: of two data planes with the same ticks neither waits for the other's in a circle.
  const { rows } = await sql<BegunRow>`
    insert into job_run (id, project_key, deployment_id, application_name, trigger_kind, state, is_alone, tick_at, plane,
      started_at, finished_at, reason)
    select given.id, deployment.project_key, given.deployment_id, given.application_name, given.trigger_kind, given.state,
      given.is_alone, given.tick_at, given.plane, given.started_at, given.finished_at, given.reason
    from ${given} as given join deployment on deployment.id = given.deployment_id
    where true
    order by given.deployment_id, given.application_name, given.tick_at
    on conflict do nothing
    returning id, state`.execute(db);
  return mapOf(rows);
}

interface BegunRow {
  readonly id: string;
  readonly state: 'running' | 'skipped';
}

/** What a call before has begun whose answer did not come back. */
async function findBegun(
  db: Db,
  dialect: SqlDialect,
  runs: readonly BeginningRun[],
): Promise<Begun> {
  const given = dialect.rowsOf(JSON.stringify(runs.map(({ id }) => ({ id }))), { id: 'text' });
  const { rows } = await sql<BegunRow>`
    select job_run.id, job_run.state from ${given} as given join job_run on job_run.id = given.id
    where job_run.state in ('running', 'skipped')`.execute(db);
  return mapOf(rows);
}

function mapOf(rows: readonly BegunRow[]): Begun {
  return new Map(rows.map(({ id, state }) => [id, state]));
}

function beginningRow(run: BeginningRun) {
  const common = {
    id: run.id,
    deployment_id: run.deploymentId,
    application_name: run.applicationName,
    trigger_kind: run.trigger,
    is_alone: run.alone ? 1 : 0,
    tick_at: run.tickAt,
    plane: run.plane,
  };
  return run.skipped === undefined
    ? { ...common, state: 'running', started_at: run.startedAt }
    : { ...common, state: 'skipped', finished_at: run.startedAt, reason: run.skipped };
}

function endedRow(run: EndedRun) {
  return {
    ...{ id: run.id, from_state: run.from, state: run.state },
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    status: run.status,
    reason: run.reason,
  };
}

function matchingRuns(
  db: Db,
  projectKey: string,
  { deploymentId, applicationName, states }: JobRunFilter,
) {
  let matching = db
    .selectFrom('job_run')
    .where('deployment_id', '=', deploymentId)
    .where('project_key', '=', projectKey);
  if (applicationName !== undefined)
    matching = matching.where('application_name', '=', applicationName);
  if (states !== undefined) matching = matching.where('state', 'in', states);
  return matching;
}

function jobRunOf(row: Selectable<Schema['job_run']>): JobRun {
  return {
    id: row.id,
    projectKey: row.project_key,
    deploymentId: row.deployment_id,
    applicationName: row.application_name,
    trigger: row.trigger_kind as JobRunTrigger,
    state: row.state as JobRunState,
    scheduledFor: row.tick_at ?? row.requested_at ?? 0,
    ...(row.requested_by === null ? {} : { requestedBy: row.requested_by }),
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  };
}
