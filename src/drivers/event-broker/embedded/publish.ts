import type { NewMessage } from '../../../ports/event-broker.ts';
import type { Statement } from '../../sqlite/messages.ts';
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
  const inserts = messages.flatMap((message): readonly Statement[] => [
    { sql: insertMessage, parameters: [topic, now, now, bytesOf(message.data)] },
    { sql: insertBody, parameters: [message.data, JSON.stringify(message.attributes)] },
  ]);
  const results = await database.runBatch(inserts);
  // A body has the id of the message before it.
  return results
    .filter((_, position) => position % 2 === 1)
    .map(({ lastInsertRowid }) => String(lastInsertRowid));
}

/** As text: a request may bring a thousand messages, and to compile a statement takes longer than to run it. */
const insertMessage =
  'INSERT INTO message (topic, published_at, due_at, bytes) VALUES (?, ?, ?, ?)';
const insertBody =
  'INSERT INTO message_body (message_id, data, attributes) VALUES (last_insert_rowid(), ?, ?)';
