/** Fires on SIGTERM and SIGINT, and when the process that supervises this one is gone. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const fire = (): void => stop.abort();
  process.once('SIGTERM', fire);
  process.once('SIGINT', fire);
  process.once('disconnect', fire);
  return stop.signal;
}
