import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { DeliveryOutcome } from '../../../ports/event-broker.ts';
import type { BrokerDatabase } from './schema.ts';

const longestReason = 2000;

type Kept = Exclude<DeliveryOutcome, { outcome: 'acknowledged' }>;

/** What is acknowledged goes whatever else is said of it, and so comes last. */
export function compileSettlements(
  kysely: Kysely<BrokerDatabase>,
  outcomes: readonly DeliveryOutcome[],
): readonly CompiledQuery[] {
  const kept = outcomes.filter((one): one is Kept => one.outcome !== 'acknowledged');
  const acknowledged = outcomes.filter(({ outcome }) => outcome === 'acknowledged');
  const ids = JSON.stringify(acknowledged.map(({ id }) => Number(id)));
  return [
    ...kept.map((outcome) => compileKept(kysely, outcome)),
    ...(acknowledged.length === 0
      ? []
      : [
          sql`DELETE FROM message WHERE id IN (SELECT value FROM json_each(${ids}))`.compile(
            kysely,
          ),
        ]),
  ];
}

function compileKept(kysely: Kysely<BrokerDatabase>, outcome: Kept): CompiledQuery {
  return kysely
    .updateTable('message')
    .set(fateOf(outcome))
    .where('id', '=', Number(outcome.id))
    .where('attempt', '=', outcome.attempt)
    .where('dead_at', 'is', null)
    .compile();
}

function fateOf(outcome: Kept) {
  if (outcome.outcome === 'returned')
    return { attempt: outcome.attempt - 1, due_at: sql<number>`published_at` };
  const reason = outcome.reason.slice(0, longestReason);
  return outcome.outcome === 'dead'
    ? { dead_at: outcome.at, reason }
    : { due_at: outcome.at, reason };
}
