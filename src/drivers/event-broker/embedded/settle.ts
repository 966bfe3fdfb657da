import type { CompiledQuery, Kysely } from 'kysely';
import type { DeliveryOutcome } from '../../../ports/event-broker.ts';
import type { BrokerDatabase } from './schema.ts';

const longestReason = 2000;

export function compileSettlement(
  kysely: Kysely<BrokerDatabase>,
  outcome: DeliveryOutcome,
): CompiledQuery {
  const id = Number(outcome.id);
  if (outcome.outcome === 'acknowledged')
    return kysely.deleteFrom('message').where('id', '=', id).compile();
  return kysely
    .updateTable('message')
    .set({ ...fateOf(outcome), reason: outcome.reason.slice(0, longestReason) })
    .where('id', '=', id)
    .where('attempt', '=', outcome.attempt)
    .where('dead_at', 'is', null)
    .compile();
}

function fateOf(outcome: Exclude<DeliveryOutcome, { outcome: 'acknowledged' }>) {
  return outcome.outcome === 'dead' ? { dead_at: outcome.at } : { due_at: outcome.at };
}
