import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { ReceivedMessage } from '../../../ports/event-broker.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { bytesOf } from './limits.ts';
import type { BrokerDatabase } from './schema.ts';

/** Only what was not acknowledged there comes again, and that is never more than what is under way. */
const remembered = 100_000;

export async function receive(
  { kysely, runBatch }: SqliteDatabase<BrokerDatabase>,
  topic: string,
  messages: readonly ReceivedMessage[],
  now: number,
): Promise<void> {
  const inserts = messages.flatMap((message) => compileReceived(kysely, topic, message, now));
  await runBatch([...inserts, compileForget(kysely)]);
}

/** Nothing is inserted after a statement that has changed nothing: the message has come before. */
function compileReceived(
  kysely: Kysely<BrokerDatabase>,
  topic: string,
  { data, attributes, origin }: ReceivedMessage,
  now: number,
): readonly CompiledQuery[] {
  return [
    sql`INSERT OR IGNORE INTO received (topic, origin_id) VALUES (${topic}, ${origin.id})`,
    sql`INSERT INTO message (topic, published_at, due_at, bytes)
      SELECT ${topic}, ${now}, ${now}, ${bytesOf(data)} WHERE changes() = 1`,
    sql`INSERT INTO message_body (message_id, data, attributes, origin)
      SELECT last_insert_rowid(), ${data}, ${JSON.stringify(attributes)}, ${JSON.stringify(origin)}
      WHERE changes() = 1`,
  ].map((statement) => statement.compile(kysely));
}

function compileForget(kysely: Kysely<BrokerDatabase>): CompiledQuery {
  return sql`DELETE FROM received WHERE number <= (SELECT max(number) FROM received) - ${remembered}`.compile(
    kysely,
  );
}
