import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { ClaimedMessage, EventBroker, Origin } from '../../../ports/event-broker.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { compileExpiry } from './expire.ts';
import type { BrokerDatabase } from './schema.ts';

type Request = Parameters<EventBroker['claim']>[0];

/** What one claim may hold in memory. A single message above it is still handed out. */
const largestClaim = { messages: 1000, bytes: 32 * 1024 * 1024 };

/** Whoever claims also looks what has expired, now and then: a claim may come a thousand times a second. */
export function openClaims({
  kysely,
  runBatch,
}: SqliteDatabase<BrokerDatabase>): EventBroker['claim'] {
  let expiredAt = Number.NEGATIVE_INFINITY;
  return async (request) => {
    const isDue = Math.abs(request.now - expiredAt) >= expireEveryMs;
    if (isDue) expiredAt = request.now;
    const expiry = isDue ? compileExpiry(kysely, request.now) : [];
    const statements = [...expiry, compileClaim(kysely, request)];
    // What was claimed before a power cut is claimed again: at least once. And what is claimed is due to nobody.
    const results = await runBatch(statements, { mayBeLost: true, isQuiet: true });
    const rows = (results.at(-1)?.rows ?? []) as ClaimedRow[];
    // An UPDATE returns its rows in no particular order.
    return rows.toSorted((one, other) => one.id - other.id).map(toMessage);
  };
}

const expireEveryMs = 1_000;

interface ClaimedRow {
  readonly id: number;
  readonly topic: string;
  readonly published_at: number;
  readonly attempt: number;
  readonly data: string;
  readonly attributes: string;
  readonly origin: string | null;
}

/**
 * One statement, so that no two claims take the same message. Each topic gives at most `limit` candidates, which keeps
 * a long backlog from being read through.
 */
function compileClaim(kysely: Kysely<BrokerDatabase>, request: Request): CompiledQuery<ClaimedRow> {
  const { topics, now, leaseUntil } = request;
  const limit = Math.min(request.limit, largestClaim.messages);
  return sql<ClaimedRow>`
    WITH candidate AS (
      SELECT message.id, due_at, bytes
      FROM json_each(${JSON.stringify([...new Set(topics)])}) AS topic
      JOIN message ON message.id IN (
        SELECT id FROM message
        WHERE topic = topic.value AND dead_at IS NULL AND due_at <= ${now}
        ORDER BY due_at, id LIMIT ${limit})
      ORDER BY due_at, message.id LIMIT ${limit}
    ), measured AS (
      SELECT id, sum(bytes) OVER (ORDER BY due_at, id) - bytes AS bytes_before FROM candidate
    )
    UPDATE message SET attempt = attempt + 1, due_at = ${leaseUntil}
    WHERE id IN (SELECT id FROM measured WHERE bytes_before < ${largestClaim.bytes})
    RETURNING id, topic, published_at, attempt,
      (SELECT data FROM message_body WHERE message_id = message.id) AS data,
      (SELECT attributes FROM message_body WHERE message_id = message.id) AS attributes,
      (SELECT origin FROM message_body WHERE message_id = message.id) AS origin`.compile(kysely);
}

function toMessage(row: ClaimedRow): ClaimedMessage {
  return {
    id: String(row.id),
    topic: row.topic,
    publishTime: row.published_at,
    attempt: row.attempt,
    data: row.data,
    attributes: JSON.parse(row.attributes) as ClaimedMessage['attributes'],
    ...(row.origin === null ? {} : { origin: JSON.parse(row.origin) as Origin }),
  };
}
