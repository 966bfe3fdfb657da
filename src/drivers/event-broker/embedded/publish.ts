import { type Kysely, sql } from 'kysely';
import type { NewMessage } from '../../../ports/event-broker.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { bytesOf, checkLimits } from './limits.ts';
import type { BrokerDatabase } from './schema.ts';

/** Requests that come at the same time share a commit: that is `runBatch`'s doing. */
export async function publish(
  database: SqliteDatabase<BrokerDatabase>,
  topic: string,
  messages: readonly NewMessage[],
  now: number,
): Promise<readonly string[]> {
  checkLimits(topic, messages);
  const inserts = messages.flatMap((message) => [
    compileMessage(database.kysely, topic, message, now),
    compileBody(database.kysely, message),
  ]);
  const results = await database.runBatch(inserts);
  // A body has the id of the message before it.
  return results
    .filter((_, position) => position % 2 === 1)
    .map(({ lastInsertRowid }) => String(lastInsertRowid));
}

function compileMessage(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
  message: NewMessage,
  now: number,
) {
  const bytes = bytesOf(message.data);
  return kysely
    .insertInto('message')
    .values({ topic, published_at: now, due_at: now, bytes })
    .compile();
}

function compileBody(kysely: Kysely<BrokerDatabase>, { data, attributes }: NewMessage) {
  return kysely
    .insertInto('message_body')
    .values({
      message_id: sql<number>`last_insert_rowid()`,
      data,
      attributes: JSON.stringify(attributes),
    })
    .compile();
}
