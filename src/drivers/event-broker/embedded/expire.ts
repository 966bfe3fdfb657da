import type { CompiledQuery, Kysely } from 'kysely';
import { retention } from './limits.ts';
import type { BrokerDatabase } from './schema.ts';

/** Few enough that nobody waits long; what is left is for the next time. */
const messagesPerStatement = 500;

/** What was not acknowledged in time is dead, and what is long dead is forgotten. */
export function compileExpiry(
  kysely: Kysely<BrokerDatabase>,
  now: number,
): readonly CompiledQuery[] {
  const ids = kysely.selectFrom('message').select('id').limit(messagesPerStatement);
  const expired = ids
    .where('dead_at', 'is', null)
    .where('published_at', '<', now - retention.waitingMs);
  const forgotten = ids.where('dead_at', '<', now - retention.deadMs);
  return [
    kysely
      .updateTable('message')
      .set({ dead_at: now, reason: 'Expired: nobody acknowledged it within 7 days.' })
      .where('id', 'in', expired)
      .compile(),
    kysely.deleteFrom('message').where('id', 'in', forgotten).compile(),
  ];
}
