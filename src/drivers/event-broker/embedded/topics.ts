import { type Kysely, sql } from 'kysely';
import type { EventBroker } from '../../../ports/event-broker.ts';
import type { BrokerDatabase } from './schema.ts';

/** Few enough that a publish never waits long behind one removal. */
const messagesPerRemoval = 1000;

export async function readDepth(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
): ReturnType<EventBroker['depth']> {
  const { rows } = await sql<{ readonly waiting: number; readonly dead: number }>`
    SELECT (SELECT count(*) FROM message WHERE topic = ${topic} AND dead_at IS NULL) AS waiting,
      (SELECT count(*) FROM message WHERE topic = ${topic} AND dead_at IS NOT NULL) AS dead`.execute(
    kysely,
  );
  return rows[0] ?? { waiting: 0, dead: 0 };
}

export async function dueTopics(
  kysely: Kysely<BrokerDatabase>,
  topics: readonly string[],
  now: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly topic: string }>`
    SELECT topic.value AS topic FROM json_each(${JSON.stringify(topics)}) AS topic
    WHERE EXISTS (
      SELECT 1 FROM message
      WHERE message.topic = topic.value AND dead_at IS NULL AND due_at <= ${now})`.execute(kysely);
  return rows.map(({ topic }) => topic);
}

export async function removeTopic(kysely: Kysely<BrokerDatabase>, topic: string): Promise<void> {
  await removeUntil(kysely, topic, Number.MAX_SAFE_INTEGER);
}

export async function keepTopics(
  kysely: Kysely<BrokerDatabase>,
  { topics, before }: Parameters<EventBroker['keepTopics']>[0],
): Promise<void> {
  const all = kysely.selectFrom('message').select('topic').distinct();
  const present = await all
    .where('dead_at', 'is', null)
    .union(all.where('dead_at', 'is not', null))
    .execute();
  for (const { topic } of present) if (!topics.has(topic)) await removeUntil(kysely, topic, before);
}

async function removeUntil(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
  before: number,
): Promise<void> {
  while ((await removeSome(kysely, topic, before)) === messagesPerRemoval);
}

async function removeSome(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
  before: number,
): Promise<number> {
  const ids = kysely
    .selectFrom('message')
    .select('id')
    .where('topic', '=', topic)
    .where('published_at', '<', before);
  // Each half has an index of its own.
  const some = ids
    .where('dead_at', 'is', null)
    .unionAll(ids.where('dead_at', 'is not', null))
    .limit(messagesPerRemoval);
  const { numDeletedRows } = await kysely
    .deleteFrom('message')
    .where('id', 'in', some)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
