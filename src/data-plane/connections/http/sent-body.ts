import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { HttpFailure } from './failures.ts';

interface Ends {
  readonly sent: () => void;
  readonly failed: (error: Error) => void;
}

/** A body on its way through a connection, no faster than the connection takes it. */
export interface SentBody {
  readonly isSent: boolean;
  /** The connection takes more. */
  goOn(): void;
  /** Nobody takes the rest. */
  drop(): void;
}

/**
 * @param length in bytes; undefined: it goes in chunks
 * @throws HttpFailure where it has ended before
 */
export function sendBody(
  body: Readable,
  { socket, length }: { readonly socket: Socket; readonly length: number | undefined },
  { sent, failed }: Ends,
): SentBody {
  if (body.destroyed) throw endedEarly();
  let left = length ?? Number.POSITIVE_INFINITY;
  let isSent = false;
  const onData = (data: Buffer): void => {
    left -= data.length;
    if (left < 0) failed(wrongLength());
    else if (!write(data)) body.pause();
  };
  const write = (data: Buffer): boolean => {
    if (length !== undefined) return socket.write(data);
    // One of no bytes would be the last.
    if (data.length === 0) return true;
    socket.cork();
    socket.write(`${data.length.toString(16)}\r\n`, 'latin1');
    socket.write(data);
    const takesMore = socket.write('\r\n', 'latin1');
    socket.uncork();
    return takesMore;
  };
  const onEnd = (): void => {
    if (length !== undefined && left > 0) {
      failed(wrongLength());
      return;
    }
    isSent = true;
    if (length === undefined) socket.write('0\r\n\r\n', 'latin1');
    sent();
  };
  const onClose = (): void => {
    if (!isSent) failed(endedEarly());
  };
  body.on('data', onData).once('end', onEnd).once('error', failed).once('close', onClose);
  return {
    get isSent() {
      return isSent;
    },
    goOn: () => void body.resume(),
    drop() {
      body.off('data', onData).off('end', onEnd).off('error', failed).off('close', onClose);
      // It may still say why it ended, which nobody needs.
      body.on('error', () => undefined).destroy();
    },
  };
}

function endedEarly(): HttpFailure {
  return new HttpFailure('REQUEST_INVALID', 'Its body has ended too early.');
}

function wrongLength(): HttpFailure {
  return new HttpFailure('REQUEST_INVALID', 'Its body is not as long as its Content-Length says.');
}
