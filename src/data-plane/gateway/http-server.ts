import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody } from './error-answer.ts';
import type { GatewayLimits } from './limits.ts';

export interface RequestTakers {
  readonly onRequest: (req: IncomingMessage, res: ServerResponse) => void;
  readonly onUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** An HTTP server with every limit set, and an answer for what is no HTTP at all. */
export function createHttpServer(limits: GatewayLimits, takers: RequestTakers): Server {
  const answers = openAnswers();
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.clientHeadMs,
    requestTimeout: limits.clientRequestMs,
    connectionsCheckingInterval: Math.min(5_000, limits.clientHeadMs),
    keepAliveTimeout: limits.keepAliveMs,
    noDelay: true,
    // Most requests have no body, and to end a stream that nothing comes from costs a twentieth of them. Such a request counts as
    // destroyed at once, with neither 'end' nor 'close': whoever waits for its client waits for the answer's.
    optimizeEmptyRequests: true,
    // It is refused with an answer that says so.
    requireHostHeader: false,
    // Other protocols (HTTP/2 in clear text) may be ignored, says RFC 9110 §7.8, and their clients count on it.
    shouldUpgradeCallback: (req) => isWebSocket(req) && answers.of(req.socket).length === 0,
  });
  const onRequest: RequestListener = (req, res) => {
    answers.begin(req.socket, res);
    takers.onRequest(req, res);
  };
  // What is expected is met where it is known who will answer.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest);
  // One more is enough to see that there are too many. Without this the rest would be left out in silence.
  server.maxHeadersCount = limits.requestHeaders + 1;
  server.timeout = limits.clientIdleMs;
  server.maxConnections = limits.connectionsPerListener;
  const onUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const before = answers.of(socket);
    if (before.length === 0) {
      takers.onUpgrade(req, socket, head);
      return;
    }
    // From here on the server neither sends them nor tells them that their client is gone.
    for (const res of before) res.destroy();
    socket.destroy();
  };
  server.on('upgrade', onUpgrade);
  server.on('connect', onUpgrade);
  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: Error & { readonly code?: string }, socket) => {
    if (error.code === 'ECONNRESET') return void socket.destroy();
    // Every further piece is an error again.
    if (refused.has(socket)) return;
    refused.add(socket);
    refuse(socket, () => answers.of(socket), badRequestText(error.code));
  });
  return server;
}

/** Answers that are not over yet, by their connections. */
function openAnswers() {
  const bySocket = new WeakMap<object, readonly ServerResponse[]>();
  // Closed, not finished: until then the server has not let go of the connection for it.
  const of = (socket: object): readonly ServerResponse[] =>
    bySocket.get(socket)?.filter((res) => !res.closed) ?? [];
  return {
    of,
    begin: (socket: object, res: ServerResponse) => void bySocket.set(socket, [...of(socket), res]),
  };
}

/** The answers to whole requests come first, then what is wrong with what followed them. */
function refuse(socket: Duplex, answers: () => readonly ServerResponse[], text: string): void {
  if (socket.writableEnded) return;
  const open = answers();
  const last = open.findLast((res) => res.req.complete || res.writableEnded);
  if (last !== undefined) {
    last.once('close', () => refuse(socket, answers, text));
  } else if (!socket.writable || open.some((res) => res.headersSent)) {
    socket.destroy();
  } else {
    socket.end(text, () => socket.destroy());
  }
}

/** A handshake is a GET without a body (RFC 6455, section 4.1). */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  if (headers.upgrade?.toLowerCase() !== 'websocket' || method !== 'GET') return false;
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
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
