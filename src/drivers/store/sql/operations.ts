import { type Kysely, sql } from 'kysely';
import type { OperationQueue } from '../../../ports/store.ts';
import { operationOf } from './records.ts';
import type { Schema } from './schema.ts';

/** The claim: one statement, so that two workers never take the same operation. */
export function createOperationQueue(db: Kysely<Schema>): OperationQueue {
  return {
    async claim({ worker, now, leaseUntil }) {
      const { rows } = await sql<Parameters<typeof operationOf>[0]>`
        update operation set state = 'running', worker = ${worker}, lease_until = ${leaseUntil}, attempt = attempt + 1
        where seq = (
          select o.seq from operation o
          where (o.state = 'queued' or (o.state = 'running' and o.lease_until < ${now}))
            and not exists (
              select 1 from operation r
              where r.subject = o.subject and r.seq <> o.seq
                and (r.state = 'running' or (r.state = 'queued' and r.seq < o.seq)))
          order by o.seq limit 1)
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
      const held = db
        .updateTable('operation')
        .set({ lease_until: 0 })
        .where('state', '=', 'running');
      await ('is' in worker
        ? held.where('worker', '=', worker.is)
        : held.where('worker', '!=', worker.not)
      ).execute();
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
