import { setTimeout as wait } from 'node:timers/promises';

/** A try of a probe. Times are of this process's own clock. */
export interface Try {
  readonly sentAt: number;
  readonly endedAt: number;
  /** What was wrong with it. */
  readonly problem?: string;
}

/** An instance that was killed on purpose. */
export interface Crash {
  /** When it was told to end itself, and when whoever told it saw its connection end. */
  readonly toldAt: number;
  readonly diedAt: number;
  /** When another one had answered. */
  readonly backAt: number;
}

export interface Count {
  readonly probe: string;
  readonly tried: number;
  readonly failed: readonly string[];
  readonly excused: readonly string[];
}

/**
 * Whether requests that come while no instance runs are held until one does. Where they are, only those are excused that an instance had
 * when it died.
 */
export const requestsAreHeld: boolean = true;

/** Of a crash's own making: sent before the instance was seen dead, and not over when it was told to die. */
function wasOnIt({ sentAt, endedAt }: Try, { toldAt, diedAt }: Crash): boolean {
  return sentAt <= diedAt && endedAt >= toldAt;
}

function foundNothing({ sentAt, endedAt }: Try, { toldAt, backAt }: Crash): boolean {
  return sentAt <= backAt && endedAt >= toldAt;
}

/** A failure is excused by a crash that it overlaps, and by nothing else. */
export function judge(probe: string, tries: Tries, crashes: readonly Crash[]): Count {
  const isExcused = (one: Try): boolean =>
    crashes.some((crash) =>
      requestsAreHeld ? wasOnIt(one, crash) : wasOnIt(one, crash) || foundNothing(one, crash),
    );
  const name = ({ sentAt, endedAt, problem }: Try): string =>
    `${probe} at ${Math.round(sentAt)}, for ${Math.round(endedAt - sentAt)} ms: ${problem}`;
  return {
    probe,
    tried: tries.count,
    failed: tries.failures.filter((one) => !isExcused(one)).map(name),
    excused: tries.failures.filter(isExcused).map(name),
  };
}

export interface Tries {
  readonly count: number;
  readonly failures: readonly Try[];
}

/** Something that is tried again and again until it is stopped. */
export interface Probe {
  readonly name: string;
  readonly tries: Tries;
  /** Resolves when the last try is over. */
  stop(): Promise<void>;
}

/** Far above what anything takes. */
const longestMs = 60_000;

/** `attempt` answers what was wrong, if anything. */
export function startProbe(
  name: string,
  attempt: () => Promise<string | undefined>,
  { lanes, pauseMs }: { readonly lanes: number; readonly pauseMs: number },
): Probe {
  const failures: Try[] = [];
  const stopped = new AbortController();
  let count = 0;
  const keepTrying = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const sentAt = performance.now();
      const problem = await Promise.race([
        attempt().catch((error: Error) => error.message),
        wait(longestMs, `no end after ${longestMs} ms`, { ref: false }),
      ]);
      count += 1;
      if (problem !== undefined) failures.push({ sentAt, endedAt: performance.now(), problem });
      await pause(pauseMs, stopped.signal);
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, keepTrying));
  return {
    name,
    get tries() {
      return { count, failures };
    },
    async stop() {
      stopped.abort();
      await all;
    },
  };
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
