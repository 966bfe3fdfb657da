/**
 * Fires on SIGTERM and SIGINT, on `more`, and when the process that supervises this one is gone. It goes on listening:
 * a signal that comes twice, as npm makes it from one Ctrl-C, must not end the process before it has stopped its work.
 */
export function stopSignal(...more: readonly NodeJS.Signals[]): AbortSignal {
  const stop = new AbortController();
  const fire = (): void => stop.abort();
  for (const signal of ['SIGTERM', 'SIGINT', ...more] as const) process.on(signal, fire);
  process.once('disconnect', fire);
  return stop.signal;
}
