import { type Nap, startNap } from './nap.ts';

export interface Hints extends Disposable {
  /** Resolves after a hint, also one that came before, or after `pollMs`; not more often than every `pauseMs`. */
  next(): Promise<void>;
}

/** For who looks again and again. `signal` ends the waiting; dispose of it in the end. */
export function hearHints(
  watch: (hint: () => void) => () => void,
  {
    signal,
    pauseMs,
    pollMs,
  }: { readonly signal: AbortSignal; readonly pauseMs: number; readonly pollMs: number },
): Hints {
  let isHinted = false;
  let nap: Nap | undefined;
  const unwatch = watch(() => {
    isHinted = true;
    nap?.end();
  });
  return {
    async next() {
      await startNap(pauseMs, signal).ended;
      if (!isHinted) {
        nap = startNap(pollMs, signal);
        await nap.ended;
      }
      isHinted = false;
    },
    [Symbol.dispose]: unwatch,
  };
}
