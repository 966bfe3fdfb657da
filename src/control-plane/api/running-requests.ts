import { reject } from '../../core/errors.ts';

/** The requests with an `Idempotency-Key` that this process is working on. */
export interface RunningRequests {
  /**
   * Dispose of it when the answer is kept.
   * @throws Rejection `IdempotencyKeyInUse` or `IdempotencyKeyReused` while another has the id
   */
  enter(id: string, fingerprint: string): Disposable;
}

export function openRunningRequests(): RunningRequests {
  const running = new Map<string, string>();
  return {
    enter(id, fingerprint) {
      const other = running.get(id);
      if (other === fingerprint) reject('IdempotencyKeyInUse', {});
      if (other !== undefined) reject('IdempotencyKeyReused', {});
      running.set(id, fingerprint);
      return { [Symbol.dispose]: () => void running.delete(id) };
    },
  };
}
