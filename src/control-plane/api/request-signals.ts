import type { FastifyReply } from 'fastify';

/**
 * A signal for a request that fires when its client has gone without an answer, or when the server stops. The framework's
 * own `request.signal` fires when a body has been read, or never. One that fires after every answer makes an exception with
 * its stack for each: that was a tenth of a small request.
 */
export function openRequestSignals(stopping: AbortSignal): (reply: FastifyReply) => AbortSignal {
  const waiting = new Set<AbortController>();
  stopping.addEventListener('abort', () => {
    for (const request of waiting) request.abort(stopping.reason);
  });
  return ({ raw }) => {
    const request = new AbortController();
    const end = (): void => {
      waiting.delete(request);
      if (!raw.writableFinished) request.abort();
    };
    if (stopping.aborted) request.abort(stopping.reason);
    if (raw.closed) end();
    else {
      waiting.add(request);
      raw.once('close', end);
    }
    return request.signal;
  };
}
