export interface Nap {
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** Ends by itself, by its sleeper or by the signal, and leaves neither timer nor listener behind. */
export function startNap(ms: number, signal: AbortSignal): Nap {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return { ended: promise, end };
}
