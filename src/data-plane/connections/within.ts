/** Waits for the work, but no longer than `ms`, or until the signal comes. */
export async function within(
  ms: number,
  work: Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = (): void => resolve();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  await Promise.race([work, promise]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
}
