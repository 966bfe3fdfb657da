export type InTurn = <T>(key: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Lets work with the same key run one after the other. */
export function createTurns(): InTurn {
  const ends = new Map<string, Promise<unknown>>();

  return async (key, signal, work) => {
    const before = ends.get(key);
    const result = startAfter(before, signal, work);
    // The next one waits for both: work that is aborted while it waits must not let it pass.
    const end = Promise.allSettled([before, result]);
    ends.set(key, end);
    try {
      return await result;
    } finally {
      if (ends.get(key) === end) ends.delete(key);
    }
  };
}

async function startAfter<T>(
  before: Promise<unknown> | undefined,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (before !== undefined) await unlessAborted(before, signal);
  signal.throwIfAborted();
  return work();
}

async function unlessAborted(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([wait, aborted]);
  signal.removeEventListener('abort', stop);
}
