import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { DeliveryOutcome } from '../../../ports/event-broker.ts';
import type { BrokerDatabase } from './schema.ts';

const longestReason = 2000;

type Failed = Exclude<DeliveryOutcome, { outcome: 'acknowledged' }>;

/** What is acknowledged goes whatever else is said of it, and so comes last. */
export function compileSettlements(
  kysely: Kysely<BrokerDatabase>,
  outcomes: readonly DeliveryOutcome[],
): readonly CompiledQuery[] {
  const failed = outcomes.filter((one): one is Failed => one.outcome !== 'acknowledged');
  const acknowledged = outcomes.filter(({ outcome }) => outcome === 'acknowledged');
  const ids = JSON.stringify(acknowledged.map(({ id }) => Number(id)));
  return [
    ...failed.map((outcome) => compileFailure(kysely, outcome)),
    ...(acknowledged.length === 0
      ? []
      : [
          sql`DELETE FROM message WHERE id IN (SELECT value FROM json_each(${ids}))`.compile(
            kysely,
          ),
        ]),
  ];
}

function compileFailure(kysely: Kysely<BrokerDatabase>, outcome: Failed): CompiledQuery {
  return kysely
    .updateTable('message')
    .set({ ...fateOf(outcome), reason: outcome.reason.slice(0, longestReason) })
    .where('id', '=', Number(outcome.id))
    .where('attempt', '=', outcome.attempt)
    .where('dead_at', 'is', null)
    .compile();
}

function fateOf(outcome: Failed) {
  return outcome.outcome === 'dead' ? { dead_at: outcome.at } : { due_at: outcome.at };
}
