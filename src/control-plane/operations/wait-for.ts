import type { Store } from '../../ports/store.ts';

const pollMs = 250;

/**
 * Reads again after every hint of the store, and now and then without one, until there is an answer.
 * @throws the signal's reason
 * @returns undefined after `timeoutMs`
 */
export async function waitFor<T>(
  store: Store,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  let wake = (): void => {};
  const unwatch = store.watch(() => wake());
  try {
    while (true) {
      signal.throwIfAborted();
      const hinted = new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, Math.min(pollMs, Math.max(0, deadline - Date.now())));
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const answer = await read();
      if (answer !== undefined) return answer;
      if (Date.now() >= deadline) return undefined;
      await hinted;
    }
  } finally {
    unwatch();
  }
}
