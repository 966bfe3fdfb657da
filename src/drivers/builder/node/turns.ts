/** Lets so many through at once; the others wait in line. */
export interface Turns {
  /** Rejects with the signal's reason while waiting, of which `onWait` tells. */
  take(signal: AbortSignal, onWait?: () => void): Promise<Disposable>;
}

export function createTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = [];
  let free = atOnce;

  const release = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const waitInLine = async (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      const place = waiting.indexOf(resolve);
      if (place >= 0) waiting.splice(place, 1);
      reject(signal.reason);
    };
    waiting.push(resolve);
    signal.addEventListener('abort', leave);
    await promise.finally(() => signal.removeEventListener('abort', leave));
  };
  return {
    async take(signal, onWait) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else {
        onWait?.();
        await waitInLine(signal);
      }
      return { [Symbol.dispose]: release };
    },
  };
}
