import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The body of a request as a stream of its own. Whoever carries it may destroy it at any time; the request stays,
 * because its client must still get an answer.
 */
export interface RequestBody {
  /** null: the request has none. */
  readonly stream: Readable | null;
  /** True once a byte may have been taken: then nobody else can send it again. */
  isTouched(): boolean;
}

export function requestBody(req: IncomingMessage): RequestBody {
  if (!hasBody(req)) return { stream: null, isTouched: () => false };
  let touched = false;

  const onData = (chunk: Buffer): void => {
    if (!stream.push(chunk)) req.pause();
  };
  const onEnd = (): void => {
    stream.push(null);
  };
  const onClose = (): void => {
    if (!req.complete) stream.destroy(new Error('The client went away.'));
  };
  const stream = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      if (!touched) {
        touched = true;
        req.on('data', onData).on('end', onEnd).on('close', onClose);
      }
      req.resume();
    },
    destroy(error, done) {
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      done(error);
    },
  });
  return { stream, isTouched: () => touched };
}

function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  return headers['content-length'] !== undefined && headers['content-length'] !== '0';
}
