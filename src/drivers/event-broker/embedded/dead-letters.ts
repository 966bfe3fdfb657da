import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { DeadLetter, DeadSelection } from '../../../core/dead-letter.ts';
import type { EventBroker } from '../../../ports/event-broker.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { limits } from './limits.ts';
import type { BrokerDatabase } from './schema.ts';

/** A page of larger ones would be held in memory by whoever reads it. */
const listedDataBytes = 64 * 1024;

export async function readDeadLetters(
  kysely: Kysely<BrokerDatabase>,
  topics: readonly string[],
  page: { readonly limit: number; readonly offset: number },
): ReturnType<EventBroker['deadLetters']> {
  if (topics.length === 0) return { total: 0, results: [] };
  const dead = kysely
    .selectFrom('message')
    .where('topic', 'in', topics)
    .where('dead_at', 'is not', null);
  const { total } = await dead
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await dead
    .innerJoin('message_body', 'message_id', 'message.id')
    .select(['message.id', 'topic', 'published_at', 'attempt', 'bytes', 'reason', 'attributes'])
    .select(({ fn }) => fn.coalesce('dead_at', sql<number>`0`).as('dead_at'))
    .select(sql<string | null>`iif(bytes <= ${listedDataBytes}, data, NULL)`.as('data'))
    .orderBy('dead_at', 'desc')
    .orderBy('message.id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { total, results: rows.map(toDeadLetter) };
}

interface DeadRow {
  readonly id: number;
  readonly topic: string;
  readonly published_at: number;
  readonly attempt: number;
  readonly bytes: number;
  readonly reason: string | null;
  readonly attributes: string;
  readonly dead_at: number;
  readonly data: string | null;
}

function toDeadLetter(row: DeadRow): DeadLetter {
  return {
    id: String(row.id),
    topic: row.topic,
    ...(row.data === null ? {} : { data: row.data }),
    bytes: row.bytes,
    attributes: JSON.parse(row.attributes) as DeadLetter['attributes'],
    publishTime: row.published_at,
    diedAt: row.dead_at,
    attempts: row.attempt,
    reason: row.reason ?? '',
  };
}

/**
 * Published anew, or what died of its age would die again at once. Nobody settles an earlier delivery of it any more: each
 * was settled at its deadline, before the last one began.
 */
export async function redeliver(
  { kysely, runBatch }: SqliteDatabase<BrokerDatabase>,
  topic: string,
  request: Parameters<EventBroker['redeliver']>[1],
): ReturnType<EventBroker['redeliver']> {
  const { now, limit = limits.messagesPerPublish } = request;
  const chosen = kysely
    .selectFrom('message')
    .where('topic', '=', topic)
    .where('dead_at', 'is not', null)
    .$call((dead) => select(dead, request));
  const first = chosen
    .select('id')
    .orderBy('dead_at')
    .orderBy('id')
    .limit(Math.min(limit, limits.messagesPerPublish));
  const [revived, left] = await runBatch([
    kysely
      .updateTable('message')
      .set({ dead_at: null, reason: null, attempt: 0, published_at: now, due_at: now })
      .where('id', 'in', first)
      .returning('id')
      .compile(),
    chosen.select(({ fn }) => fn.countAll<number>().as('remaining')).compile(),
  ]);
  return {
    ids: revived.rows
      .map(({ id }) => id)
      .toSorted((one, other) => one - other)
      .map(String),
    remaining: left.rows[0]?.remaining ?? 0,
  };
}

function select<O>(
  dead: SelectQueryBuilder<BrokerDatabase, 'message', O>,
  { ids, diedFrom, diedUntil }: DeadSelection,
): SelectQueryBuilder<BrokerDatabase, 'message', O> {
  return dead
    .$if(ids !== undefined, (query) => query.where('id', 'in', (ids ?? []).map(Number)))
    .$if(diedFrom !== undefined, (query) => query.where('dead_at', '>=', diedFrom ?? 0))
    .$if(diedUntil !== undefined, (query) => query.where('dead_at', '<', diedUntil ?? 0));
}
