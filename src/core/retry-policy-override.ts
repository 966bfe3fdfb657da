import type { RetryPolicy } from './connector-spec.ts';
import type { SentRetryPolicy } from './deployment.ts';

export type CheckedRetryPolicy =
  | { readonly policy: RetryPolicy }
  | { readonly mistakes: readonly string[] };

/** A client's retry policy by the limits of contract §4, or everything that is wrong with it. */
export function checkRetryPolicy(sent: SentRetryPolicy): CheckedRetryPolicy {
  const { strategy, minBackoffSeconds, maxBackoffSeconds, maxAttempts } = sent;
  if (strategy === 'immediate') return { policy: { strategy } };
  if (strategy !== 'exponential-backoff') {
    return {
      mistakes: [`strategy must be "immediate" or "exponential-backoff", not "${strategy}"`],
    };
  }
  const mistakes = [
    ...outside('minBackoffSeconds', minBackoffSeconds, backoffSeconds),
    ...outside('maxBackoffSeconds', maxBackoffSeconds, backoffSeconds),
    ...(maxAttempts === undefined ? [] : outside('maxAttempts', maxAttempts, attempts)),
  ];
  if (minBackoffSeconds === undefined || maxBackoffSeconds === undefined) return { mistakes };
  if (minBackoffSeconds > maxBackoffSeconds) {
    const both = `${minBackoffSeconds} and ${maxBackoffSeconds}`;
    mistakes.push(`minBackoffSeconds must not be more than maxBackoffSeconds, not ${both}`);
  }
  if (mistakes.length > 0) return { mistakes };
  const policy = { strategy, minBackoffSeconds, maxBackoffSeconds } as const;
  return { policy: maxAttempts === undefined ? policy : { ...policy, maxAttempts } };
}

interface Range {
  readonly from: number;
  readonly to: number;
}
const backoffSeconds: Range = { from: 1, to: 600 };
const attempts: Range = { from: 5, to: 100 };

function outside(field: string, value: number | undefined, { from, to }: Range): string[] {
  if (value !== undefined && Number.isInteger(value) && value >= from && value <= to) return [];
  const found = value === undefined ? 'it is missing' : `not ${value}`;
  return [`${field} must be a whole number from ${from} to ${to}, ${found}`];
}
