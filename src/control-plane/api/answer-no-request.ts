import type { Socket } from 'node:net';
import { apiError, Rejection } from '../../core/errors.ts';
import { printRejection } from '../../wire/error-response.ts';

/** What came is no request that could be read: the connection is answered as well as it can be, and ended. */
export function answerNoRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const text = texts[error.code ?? ''] ?? 'The request is not valid HTTP';
  const body = JSON.stringify(printRejection(new Rejection(apiError('InvalidRequest', { text }))));
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const texts: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The head of the request is too large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'The chunks of the request are too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time',
};
