/** Someone who waits for a run, and what they want to hear of it. */
export interface Waiter {
  readonly signal: AbortSignal;
  readonly onOutput: (line: string) => void;
  readonly onWait?: (() => void) | undefined;
}

interface Run<T> {
  readonly waiters: Set<Waiter>;
  readonly controller: AbortController;
  readonly result: Promise<T>;
}

export interface SharedRuns<T> {
  /** Starts the run unless one of that key is under way, and waits for it. It is given up when nobody waits any more. */
  join(
    key: string,
    waiter: Waiter,
    start: (shared: Waiter) => Promise<T>,
  ): { readonly joined: boolean; readonly result: Promise<T> };
  /** Those under way. */
  count(): number;
}

export function createSharedRuns<T>(): SharedRuns<T> {
  const runs = new Map<string, Run<T>>();

  const begin = (key: string, start: (shared: Waiter) => Promise<T>): Run<T> => {
    const controller = new AbortController();
    const waiters = new Set<Waiter>();
    const onOutput = (line: string) => {
      for (const waiter of waiters) waiter.onOutput(line);
    };
    const onWait = () => {
      for (const waiter of waiters) waiter.onWait?.();
    };
    const shared = { signal: controller.signal, onOutput, onWait };
    const run = { waiters, controller, result: start(shared) };
    runs.set(key, run);
    return run;
  };

  const wait = async (key: string, run: Run<T>, waiter: Waiter): Promise<T> => {
    run.waiters.add(waiter);
    try {
      return await untilAborted(run.result, waiter.signal);
    } finally {
      run.waiters.delete(waiter);
      if (run.waiters.size === 0) {
        if (runs.get(key) === run) runs.delete(key);
        run.controller.abort();
        // What went wrong while it was given up concerns nobody; a failure before that has been thrown above.
        await run.result.catch(() => undefined);
      }
    }
  };

  return {
    join(key, waiter, start) {
      const present = runs.get(key);
      const run = present ?? begin(key, start);
      return { joined: present !== undefined, result: wait(key, run, waiter) };
    },
    count: () => runs.size,
  };
}

async function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
