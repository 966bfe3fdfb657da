import type { IncomingMessage } from 'node:http';

const maxBytes = 32 * 1024 * 1024;
const maxMs = 10_000;

/**
 * Reads and drops what is left of a body that nobody reads, within bounds: a client whose connection ends while it is
 * still sending sees a broken pipe and not the answer.
 */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (isReadOut(request)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = maxBytes;
  const count = (chunk: Buffer): void => {
    left -= chunk.length;
    if (left < 0) resolve();
  };
  const timer = setTimeout(resolve, maxMs);
  request.on('data', count);
  for (const end of ['end', 'close', 'error'] as const) request.once(end, () => resolve());
  await promise;
  clearTimeout(timer);
  request.off('data', count);
  request.pause();
}

/** Nothing more comes of it. */
export function isReadOut({ complete, readableEnded, destroyed }: IncomingMessage): boolean {
  return complete || readableEnded || destroyed;
}
