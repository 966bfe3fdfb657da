import type { LocalAddress } from '../../core/local-address.ts';
import { nextDelivery } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClaimedMessage, DeliveryOutcome } from '../../ports/event-broker.ts';
import type { KeptConnections } from '../connections/kept-connections.ts';
import { printEnvelope } from './envelope.ts';
import { type PushAnswer, postMessage } from './post-message.ts';
import type { PushSubscription } from './push-subscription.ts';

/** One delivery and how it ended: with the application's status, or with the reason why there is none. */
export interface PushAttempt {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly endpoint: string;
  readonly topic: string;
  readonly messageId: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly status?: number;
  readonly error?: string;
}

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly connections: KeptConnections;
  readonly ackDeadlineMs: number;
  readonly defaultBackoff: { readonly minMs: number; readonly maxMs: number };
  readonly signal: AbortSignal;
  readonly settle: (outcome: DeliveryOutcome) => void;
  /** The answer is late: the message is due again though this request goes on. */
  readonly onLate: () => void;
}

/** What the documentation counts as an acknowledgement (contract §5.4). */
const acknowledging: ReadonlySet<number> = new Set([102, 200, 201, 202, 204]);

export async function deliver(
  deps: DeliveryDeps,
  message: ClaimedMessage,
  {
    subscription,
    address,
  }: { readonly subscription: PushSubscription; readonly address: LocalAddress },
): Promise<PushAttempt> {
  const { clock, connections, settle, signal } = deps;
  const { deploymentId, applicationName, retryPolicy, endpoint, topic } = subscription;
  const { id, attempt } = message;
  const startedAt = clock.now();
  let late = false;

  const fail = (reason: string): void => {
    const now = clock.now();
    const next = nextDelivery(retryPolicy, attempt, now, deps.defaultBackoff);
    if ('dead' in next) settle({ id, outcome: 'dead', attempt, at: now, reason });
    else settle({ id, outcome: 'retry', attempt, at: next.retryAt, reason });
  };
  const deadline = setTimeout(() => {
    late = true;
    fail(`It did not answer within ${deps.ackDeadlineMs / 1_000} s.`);
    deps.onLate();
  }, deps.ackDeadlineMs);

  const body = printEnvelope(message, subscription);
  const answer = await postMessage({ connections, address, endpoint, body });
  clearTimeout(deadline);
  // A late acknowledgement counts; a late failure was written down when it became late.
  if (isAcknowledged(answer)) settle({ id, outcome: 'acknowledged' });
  else if (!late && signal.aborted) settle(handBack(message, clock.now()));
  else if (!late) fail('status' in answer ? `It answered ${answer.status}.` : answer.error);

  const finishedAt = clock.now();
  return {
    deploymentId,
    applicationName,
    endpoint,
    topic,
    messageId: id,
    attempt,
    startedAt,
    finishedAt,
    ...answer,
  };
}

/** Nobody has it any more, and it is due at once. */
export function handBack({ id, attempt }: ClaimedMessage, now: number): DeliveryOutcome {
  return {
    id,
    outcome: 'retry',
    attempt,
    at: now,
    reason: 'Berth stopped before it was answered.',
  };
}

function isAcknowledged(answer: PushAnswer): boolean {
  return 'status' in answer && acknowledging.has(answer.status);
}
