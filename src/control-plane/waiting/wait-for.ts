import type { Store } from '../../ports/store.ts';
import { type Nap, startNap } from './nap.ts';

/**
 * Reads again after every hint of the store, and now and then without one, until there is an answer.
 * @throws the signal's reason
 * @returns undefined after `timeoutMs`
 */
export async function waitFor<T>(
  store: Pick<Store, 'watch'>,
  {
    signal,
    timeoutMs,
    pollMs = 250,
  }: {
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    /** How long a lost hint may cost. */
    readonly pollMs?: number;
  },
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  let nap: Nap | undefined;
  const unwatch = store.watch(() => nap?.end());
  try {
    while (true) {
      signal.throwIfAborted();
      // It begins before the reading, or a hint that comes meanwhile would be lost.
      nap = startNap(Math.min(pollMs, Math.max(0, deadline - Date.now())), signal);
      const answer = await read();
      if (answer !== undefined) return answer;
      if (Date.now() >= deadline) return undefined;
      await nap.ended;
    }
  } finally {
    nap?.end();
    unwatch();
  }
}
