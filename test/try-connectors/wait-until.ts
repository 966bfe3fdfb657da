import { setTimeout } from 'node:timers/promises';

/** Asks again every 250 ms until there is an answer. @throws when the time is up, saying what was awaited. */
export async function waitUntil<T>(
  awaited: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await check();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${awaited}: not within ${timeoutMs / 1000} s`);
    await setTimeout(250, undefined, { signal });
  }
}
