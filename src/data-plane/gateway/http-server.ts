import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody } from './error-answer.ts';
import type { GatewayLimits } from './limits.ts';

export interface RequestTakers {
  readonly onRequest: (req: IncomingMessage, res: ServerResponse) => void;
  readonly onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** An HTTP server with every limit set, and an answer for what is no HTTP at all. */
export function createHttpServer(limits: GatewayLimits, takers: RequestTakers): Server {
  const answering = new WeakMap<object, ServerResponse>();
  const server = createServer(
    {
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.clientHeadMs,
      requestTimeout: limits.clientRequestMs,
      connectionsCheckingInterval: Math.min(5_000, limits.clientHeadMs),
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
      // Other protocols (HTTP/2 in clear text) may be ignored, says RFC 9110 §7.8, and their clients count on it.
      shouldUpgradeCallback: isWebSocket,
    },
    (req, res) => {
      answering.set(req.socket, res);
      takers.onRequest(req, res);
    },
  );
  server.timeout = limits.clientIdleMs;
  server.maxConnections = limits.connectionsPerListener;
  server.on('upgrade', takers.onUpgrade);
  server.on('clientError', (error: Error & { readonly code?: string }, socket) => {
    const begun = answering.get(socket);
    const mayAnswer = begun === undefined || !begun.headersSent || begun.writableFinished;
    if (!socket.writable || !mayAnswer || error.code === 'ECONNRESET') socket.destroy();
    else socket.end(badRequestText(error.code), () => socket.destroy());
  });
  return server;
}

function isWebSocket(req: IncomingMessage): boolean {
  return req.headers.upgrade?.toLowerCase() === 'websocket';
}

function badRequestText(code: string | undefined): string {
  const { line, body } = refusal(code);
  return [
    `HTTP/1.1 ${line}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function refusal(code: string | undefined): { readonly line: string; readonly body: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        line: '431 Request Header Fields Too Large',
        body: errorBody({
          status: 431,
          code: 'RequestHeadersTooLarge',
          message: 'The head of the request is too large.',
        }),
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        line: '408 Request Timeout',
        body: errorBody({
          status: 408,
          code: 'RequestTimeout',
          message: 'The request did not arrive in time.',
        }),
      };
    default:
      return {
        line: '400 Bad Request',
        body: errorBody({
          status: 400,
          code: 'InvalidRequest',
          message: 'The request is not valid HTTP.',
        }),
      };
  }
}
