import { reject } from './errors.ts';
import type { Operation } from './operation.ts';

/**
 * Asking again, also after it was cancelled, is no mistake.
 * @throws Rejection `OperationNotCancellable` where the operation has ended otherwise, or cannot be undone by now
 */
export function refuseCancel(operation: Operation): void {
  const reason = whyNot(operation);
  if (reason !== undefined) reject('OperationNotCancellable', { id: operation.id, reason });
}

function whyNot({ state, uncancellable }: Operation): string | undefined {
  switch (state) {
    case 'succeeded':
    case 'failed':
      return `it has ${state} already`;
    case 'queued':
    case 'running':
      return uncancellable;
    case 'cancelled':
      return undefined;
    default:
      return state satisfies never;
  }
}

/** Nothing of it runs any more, and nothing of it will. */
export function hasEnded({ state }: Pick<Operation, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
