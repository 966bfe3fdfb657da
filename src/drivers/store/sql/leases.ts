import { type Kysely, sql } from 'kysely';
import type { Leases } from '../../../ports/leases.ts';
import type { Schema } from './schema.ts';

export function createLeases(db: Kysely<Schema>): Leases {
  return {
    async take({ pool, size, holder, worker, now, until }) {
      for (let place = 1; place <= size; place++) {
        // One statement for each place: of two that come at once, one finds it taken.
        const { rows } = await sql`
          insert into lease (pool, place, holder, worker, held_until) values (${pool}, ${place}, ${holder}, ${worker}, ${until})
          on conflict (pool, place) do update
            set holder = excluded.holder, worker = excluded.worker, held_until = excluded.held_until
            where lease.held_until < ${now}
          returning place`.execute(db);
        if (rows.length > 0) return true;
      }
      return false;
    },
    async renew({ holder, until }) {
      const result = await db
        .updateTable('lease')
        .set({ held_until: until })
        .where('holder', '=', holder)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async release(holder) {
      await db.deleteFrom('lease').where('holder', '=', holder).execute();
    },
    async releaseAll(worker) {
      await db.deleteFrom('lease').where('worker', '=', worker).execute();
    },
  };
}
