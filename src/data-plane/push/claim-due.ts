import type { Clock } from '../../ports/clock.ts';
import type { ClaimedMessage, EventBroker } from '../../ports/event-broker.ts';
import { planClaims } from './plan-claims.ts';
import type { Settlements } from './settlements.ts';

export interface ClaimDeps {
  readonly broker: Pick<EventBroker, 'claim'>;
  readonly clock: Clock;
  readonly settlements: Pick<Settlements, 'write'>;
  readonly ackDeadlineMs: number;
  /** Those of which something runs. */
  readonly topics: () => readonly string[];
  /** How many messages of a topic may come. */
  readonly roomOf: (topic: string) => number;
  readonly take: (message: ClaimedMessage) => void;
  readonly isClosed: () => boolean;
}

/** A lease outlasts the deadline by this, or a message would be delivered twice before its failure is written down. */
const leaseMarginMs = 5_000;
/** In characters. A broker that hands out fewer messages than it may, for their size, hands out at least as much. */
const largeClaim = 16 * 1024 * 1024;

/** Takes what is due until there is no more of it or no slot for it. */
export async function claimDue(deps: ClaimDeps): Promise<void> {
  const { broker, clock, settlements, ackDeadlineMs, take } = deps;
  for (let more = true; more && !deps.isClosed(); ) {
    more = false;
    for (const { topics, limit } of planClaims(deps.topics(), deps.roomOf)) {
      const now = clock.now();
      const leaseUntil = now + ackDeadlineMs + leaseMarginMs;
      // In one commit with the claim.
      settlements.write();
      const messages = await broker.claim({ topics, limit, now, leaseUntil });
      for (const message of messages) take(message);
      more ||= messages.length === limit || areLarge(messages);
    }
  }
}

/** Of large ones a claim brings fewer than it may, and there may be more. */
function areLarge(messages: readonly ClaimedMessage[]): boolean {
  return messages.reduce((sum, { data }) => sum + data.length, 0) >= largeClaim;
}
