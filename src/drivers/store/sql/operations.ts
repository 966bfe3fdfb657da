import { type Kysely, type Selectable, sql } from 'kysely';
import type { OperationProgress } from '../../../core/operation-progress.ts';
import type { OperationFilter, OperationQueue, OperationReader } from '../../../ports/store.ts';
import type { SqlDialect } from './dialect.ts';
import { operationOf } from './records.ts';
import type { Schema } from './schema.ts';

/** The oldest that waits, or whose worker is dead, and whose subject nobody works on. */
function nextToClaim(now: number) {
  return sql`
    select o.seq from operation o
    where (o.state = 'queued' or (o.state = 'running' and o.lease_until < ${now}))
      and not exists (
        select 1 from operation r
        where r.subject = o.subject and r.seq <> o.seq
          and (r.state = 'running' or (r.state = 'queued' and r.seq < o.seq)))
    order by o.seq limit 1`;
}

export function createOperationQueue(db: Kysely<Schema>, dialect: SqlDialect): OperationQueue {
  return {
    async claim({ worker, now, leaseUntil }) {
      const next = nextToClaim(now);
      // Asked after every commit: where there is nothing to take, nobody has to wait for the one who writes.
      const found = await sql<{ readonly seq: number }>`${next}`.execute(db);
      if (found.rows.length === 0) return undefined;
      // One statement, so that two workers never take the same operation.
      const { rows } = await sql<Parameters<typeof operationOf>[0]>`
        update operation set state = 'running', worker = ${worker}, lease_until = ${leaseUntil}, attempt = attempt + 1,
          started_at = coalesce(started_at, ${now}), changes = changes + 1, claim_number = changes + 1
        where seq = (${next} ${dialect.skipLocked})
        returning *`.execute(db);
      const row = rows[0];
      return row && operationOf(row);
    },
    async renew({ operationId, attempt, leaseUntil }) {
      const result = await db
        .updateTable('operation')
        .set({ lease_until: leaseUntil })
        .where('id', '=', operationId)
        .where('attempt', '=', attempt)
        .where('state', '=', 'running')
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async release(worker) {
      await db
        .updateTable('operation')
        .set({ lease_until: 0 })
        .where('state', '=', 'running')
        .where('worker', '=', worker)
        .execute();
    },
    async runningSince() {
      const row = await db
        .selectFrom('operation')
        .select((eb) => eb.fn.min('started_at').as('since'))
        .where('state', '=', 'running')
        .executeTakeFirst();
      return row?.since ?? undefined;
    },
    async cancelRequests() {
      const rows = await db
        .selectFrom('operation')
        .selectAll()
        .where('cancel_requested_at', 'is not', null)
        .where('finished_at', 'is', null)
        .orderBy('seq')
        .execute();
      return rows.map(operationOf);
    },
    async steps(operationId) {
      const rows = await db
        .selectFrom('operation_step')
        .selectAll()
        .where('operation_id', '=', operationId)
        .execute();
      return rows.map((row) => ({ name: row.name, result: JSON.parse(row.result) as unknown }));
    },
    async countOpen() {
      const row = await db
        .selectFrom('operation')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('state', 'in', ['running', 'queued'])
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },
  };
}

export function createOperationReader(db: Kysely<Schema>): OperationReader {
  return {
    async get(projectKey, id) {
      const row = await db
        .selectFrom('operation')
        .selectAll()
        .where('project_key', '=', projectKey)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && operationOf(row);
    },
    async query(projectKey, { limit, offset, ...filter }) {
      const matching = matchingOperations(db, projectKey, filter);
      const total = await matching
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      const rows = await matching
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(limit)
        .offset(offset)
        .execute();
      return { total: Number(total.count), results: rows.map(operationOf) };
    },
    async progress(projectKey, id) {
      // First: what comes between the two reads has a higher number, and is left to the next time.
      const row = await db
        .selectFrom('operation')
        .selectAll()
        .where('project_key', '=', projectKey)
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const steps = await selectSteps(db, [id]).where('begun.number', '<=', row.changes).execute();
      return progressOf(row, steps);
    },
    async steps(operationIds) {
      if (operationIds.length === 0) return [];
      const rows = await selectSteps(db, operationIds).execute();
      return rows.map(stepTimesOf);
    },
  };
}

type StepRow = Awaited<ReturnType<ReturnType<typeof selectSteps>['execute']>>[number];

function selectSteps(db: Kysely<Schema>, operationIds: readonly string[]) {
  return db
    .selectFrom('operation_step_start as begun')
    .leftJoin('operation_step as ended', (on) =>
      on
        .onRef('ended.operation_id', '=', 'begun.operation_id')
        .onRef('ended.name', '=', 'begun.name'),
    )
    .select(['begun.operation_id', 'begun.name', 'begun.started_at', 'ended.finished_at'])
    .select(['begun.number as begun_as', 'ended.number as ended_as'])
    .where('begun.operation_id', 'in', operationIds)
    .orderBy('begun.seq');
}

function stepTimesOf(row: Pick<StepRow, 'operation_id' | 'name' | 'started_at' | 'finished_at'>) {
  return {
    operationId: row.operation_id,
    name: row.name,
    startedAt: row.started_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
  };
}

function progressOf(
  row: Selectable<Schema['operation']>,
  steps: readonly StepRow[],
): OperationProgress {
  return {
    operation: operationOf(row),
    changes: row.changes,
    ...(row.claim_number === null ? {} : { claimedAs: row.claim_number }),
    ...(row.cancel_number === null ? {} : { cancelRequestedAs: row.cancel_number }),
    ...(row.end_number === null ? {} : { endedAs: row.end_number }),
    steps: steps.map(({ finished_at, begun_as, ended_as, ...step }) => {
      const isEnded = ended_as !== null && ended_as <= row.changes;
      return {
        ...stepTimesOf({ ...step, finished_at: isEnded ? finished_at : null }),
        begunAs: begun_as,
        ...(isEnded ? { endedAs: ended_as } : {}),
      };
    }),
  };
}

function matchingOperations(db: Kysely<Schema>, projectKey: string, filter: OperationFilter) {
  const { of, subjects, states } = filter;
  let matching = db.selectFrom('operation').where('project_key', '=', projectKey);
  if (of !== undefined) {
    matching = matching.where((eb) => eb.or(of.map((kind) => eb('subject', 'like', `${kind}:%`))));
  }
  if (subjects !== undefined) matching = matching.where('subject', 'in', subjects);
  if (states !== undefined) matching = matching.where('state', 'in', states);
  return matching;
}
