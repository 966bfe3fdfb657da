import { sql } from 'kysely';
import { DiskFull } from '../../../core/failure.ts';
import type { NewMessage } from '../../../ports/event-broker.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { bytesOf } from './limits.ts';
import type { BrokerDatabase } from './schema.ts';

/** Few enough that a publish never waits long behind one removal. */
const messagesPerRemoval = 500;

/** Far from full it is enough to look so often. */
const freshMs = 1_000;
const farFromFull = 0.5;

/**
 * What is acknowledged is kept, so a full broker refuses. Only dead messages make room, the oldest first: nobody
 * delivers them by himself any more.
 */
export function openBrokerRoom(
  { kysely, runBatch }: SqliteDatabase<BrokerDatabase>,
  maxBytes: number,
) {
  const removeDead = async (): Promise<number> => {
    const dead = kysely
      .selectFrom('message')
      .select('id')
      .where('dead_at', 'is not', null)
      .orderBy('dead_at')
      .limit(messagesPerRemoval);
    const [removed] = await runBatch([
      kysely.deleteFrom('message').where('id', 'in', dead).compile(),
    ]);
    return removed.changes;
  };
  const usedBytes = async (): Promise<number> => {
    const { rows } = await sql<{ bytes: number }>`
      SELECT (page_count - freelist_count) * page_size AS bytes
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
    return rows[0]?.bytes ?? 0;
  };
  /** What was there when it was looked at last, and what has come since. */
  let seen = { at: Number.NEGATIVE_INFINITY, bytes: 0 };
  const look = async (): Promise<number> => {
    const at = performance.now();
    seen = { at, bytes: await usedBytes() };
    return seen.bytes;
  };
  return {
    /** @throws DiskFull where these are too many beside those that wait */
    async make(messages: readonly Pick<NewMessage, 'data'>[]): Promise<void> {
      const coming = messages.reduce((sum, { data }) => sum + bytesOf(data), 0);
      const isFresh = performance.now() - seen.at < freshMs;
      if (isFresh && seen.bytes + coming < farFromFull * maxBytes) {
        seen = { ...seen, bytes: seen.bytes + coming };
        return;
      }
      while ((await look()) + coming > maxBytes) {
        if ((await removeDead()) > 0) continue;
        throw new DiskFull(
          `Nothing was published: the events that wait take all of the ${Math.floor(maxBytes / 1024 ** 2)} MiB that they may take.`,
        );
      }
    },
  };
}
