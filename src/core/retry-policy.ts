import { backoffMs } from './backoff.ts';
import type { RetryPolicy } from './connector-spec.ts';

export type NextDelivery = { readonly retryAt: number } | { readonly dead: true };

/** What a topic without a policy of its own gets (contract §10, row 29). */
export const defaultBackoff = { minMs: 10_000, maxMs: 600_000 } as const;

/** Even `immediate` waits a little, and a little longer each time, so that a failing handler does not spin. */
const immediateStepMs = 100;
const immediateMaxMs = 10_000;

/**
 * What follows delivery number `attempt` (from 1) that was not acknowledged.
 * How long a message is kept in all is the broker's business.
 */
export function nextDelivery(
  policy: RetryPolicy | undefined,
  attempt: number,
  now: number,
  backoff: { readonly minMs: number; readonly maxMs: number } = defaultBackoff,
): NextDelivery {
  if (policy === undefined)
    return { retryAt: now + backoffMs(attempt, { first: backoff.minMs, max: backoff.maxMs }) };
  switch (policy.strategy) {
    case 'immediate':
      return { retryAt: now + Math.min(immediateMaxMs, immediateStepMs * attempt) };
    case 'exponential-backoff':
      if (policy.maxAttempts !== undefined && attempt >= policy.maxAttempts) return { dead: true };
      return {
        retryAt: now + backoffMs(attempt, limitsOf(policy)),
      };
    default:
      return policy satisfies never;
  }
}

function limitsOf(policy: Extract<RetryPolicy, { strategy: 'exponential-backoff' }>) {
  return { first: policy.minBackoffSeconds * 1000, max: policy.maxBackoffSeconds * 1000 };
}
