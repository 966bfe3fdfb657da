import type { LogPlaces } from '../../../ports/log-store.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { parsePosition, printPosition } from './follow.ts';
import type { LogDatabase } from './schema.ts';

export function keepPlaces({ kysely }: SqliteDatabase<LogDatabase>): LogPlaces {
  return {
    async get(name) {
      const place = await kysely
        .selectFrom('log_place')
        .select('position')
        .where('name', '=', name)
        .executeTakeFirst();
      return place === undefined ? undefined : printPosition(place.position);
    },
    async put(name, text) {
      const position = parsePosition(text);
      await kysely
        .insertInto('log_place')
        .values({ name, position })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ position }))
        .execute();
    },
  };
}
