import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../core/backoff.ts';
import { BridgeFailure, describeFailure } from '../../core/failure.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventBridge } from '../../ports/event-bridge.ts';
import type { EventBroker } from '../../ports/event-broker.ts';

export interface PullPauses {
  /** A broker that answers an empty pull at once is not asked more often. */
  readonly emptyMs: number;
  readonly failed: { readonly first: number; readonly max: number };
}

const defaultPauses: PullPauses = { emptyMs: 1_000, failed: { first: 1_000, max: 60_000 } };

const messagesPerPull = 500;
/** What is pulled already is taken and acknowledged, also while everything stops. */
const acknowledgeMs = 10_000;

/**
 * Pulls, writes down, acknowledges, again and again until the signal. Whatever dies in between: what is acknowledged is written
 * down, and what is not comes again.
 * @param told how many times it has failed one after another, and why; 0 when it works again
 */
export async function pullTopic(
  given: {
    readonly bridge: EventBridge;
    readonly broker: Pick<EventBroker, 'receive'>;
    readonly clock: Clock;
    readonly topic: string;
    readonly signal: AbortSignal;
    readonly pauses?: PullPauses;
  },
  told: (failures: number, reason: string) => void,
): Promise<void> {
  const { bridge, broker, clock, topic, signal, pauses = defaultPauses } = given;
  let failures = 0;
  let limit = messagesPerPull;
  while (!signal.aborted) {
    const askedAt = clock.now();
    try {
      const messages = await bridge.pull(topic, { limit, signal });
      if (messages.length > 0) {
        await broker.receive(topic, messages, clock.now());
        await bridge.acknowledge(topic, messages, AbortSignal.timeout(acknowledgeMs));
      }
      if (failures > 0) told(0, '');
      failures = 0;
      limit = Math.min(messagesPerPull, limit * 2);
      const isIdle = messages.length === 0 && clock.now() - askedAt < pauses.emptyMs;
      if (isIdle) await nap(pauses.emptyMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof BridgeFailure && error.reason === 'too-large' && limit > 1) {
        limit = Math.max(1, Math.floor(limit / 8));
        continue;
      }
      failures += 1;
      told(failures, describeFailure(error));
      await nap(backoffMs(failures, pauses.failed), signal);
    }
  }
}

async function nap(ms: number, signal: AbortSignal): Promise<void> {
  // Woken early by the signal, which the loop looks at.
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
