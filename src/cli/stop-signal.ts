import { isStartedByNpm } from '../config/read-env.ts';

/**
 * Fires on SIGTERM and SIGINT, on `more`, and when the process that supervises this one is gone. It goes on listening:
 * a signal that comes twice, as npm makes it from one Ctrl-C, must not end the process before it has stopped its work.
 */
export function stopSignal(...more: readonly NodeJS.Signals[]): AbortSignal {
  const stop = new AbortController();
  const fire = (): void => stop.abort();
  for (const signal of ['SIGTERM', 'SIGINT', ...more] as const) process.on(signal, fire);
  process.once('disconnect', fire);
  if (isStartedByNpm()) watchParent(fire);
  return stop.signal;
}

const watchMs = 500;

/** npm dies of a SIGTERM without passing it on: that its child has another parent then is all there is to see. */
function watchParent(gone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) gone();
  }, watchMs);
  timer.unref();
}
