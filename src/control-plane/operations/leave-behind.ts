import { setTimeout as wait } from 'node:timers/promises';

/**
 * As the work ends, or with the signal's reason where the work goes on for longer than `graceMs` after it: whoever waits is
 * never stuck behind something that does not listen.
 */
export async function leaveBehind<T>(
  work: Promise<T>,
  { signal, graceMs }: { readonly signal: AbortSignal; readonly graceMs: number },
): Promise<T> {
  const settled = new AbortController();
  const left = Promise.withResolvers<never>();
  const onAbort = (): void => {
    wait(graceMs, undefined, { signal: settled.signal }).then(
      () => left.reject(signal.reason),
      () => {},
    );
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true, signal: settled.signal });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    settled.abort();
    // What it says later interests nobody.
    work.catch(() => {});
  }
}
