import { type Kysely, sql } from 'kysely';
import type { EventBroker } from '../../../ports/event-broker.ts';
import type { BrokerDatabase } from './schema.ts';

/** Few enough that a publish never waits long behind one removal. */
const messagesPerRemoval = 1000;

export async function readDepth(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
): ReturnType<EventBroker['depth']> {
  const { all, dead } = await kysely
    .selectFrom('message')
    .select(({ fn }) => [fn.countAll<number>().as('all'), fn.count<number>('dead_at').as('dead')])
    .where('topic', '=', topic)
    .executeTakeFirstOrThrow();
  return { waiting: all - dead, dead };
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
  const present = await kysely.selectFrom('message').select('topic').distinct().execute();
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
    .where('published_at', '<', before)
    .limit(messagesPerRemoval);
  const { numDeletedRows } = await kysely
    .deleteFrom('message')
    .where('id', 'in', ids)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
