import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '../../core/route-table.ts';
import { forwardedBy } from './headers.ts';
import { originForm } from './origin-form.ts';

/** One request and what became of it: the material of an HTTP_REQUEST log entry (contract §5.6). */
export interface RequestLog {
  readonly route: Route;
  readonly method: string;
  /** As the client asked for it, at most 2,048 characters. */
  readonly url: string;
  /** 499 where the client left before there was an answer. */
  readonly status: number;
  readonly userAgent?: string;
  /** In bytes on the wire, with the head. */
  readonly requestSize: number;
  readonly responseSize: number;
  readonly remoteIp: string;
  readonly latencyMs: number;
  /** `HTTP/1.1` */
  readonly protocol: string;
  /** When it came in, ms since the epoch. */
  readonly timestamp: number;
}

const clientClosedRequest = 499;
const maxUrlLength = 2_048;

/** Remembers how far each connection had come, so that sizes are those of one request. */
export function createRequestMeter(): (req: IncomingMessage) => () => { in: number; out: number } {
  const marks = new WeakMap<object, { in: number; out: number }>();
  return ({ socket }) => {
    const before = marks.get(socket) ?? { in: 0, out: 0 };
    return () => {
      const now = { in: socket.bytesRead, out: socket.bytesWritten };
      marks.set(socket, now);
      return { in: now.in - before.in, out: now.out - before.out };
    };
  };
}

export interface Watched {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly route: Route;
  readonly measure: () => { in: number; out: number };
}

/** Takes down what the request says now; the returned function makes the entry when it is over. */
export function watchRequest({ req, res, route, measure }: Watched): () => RequestLog {
  const timestamp = Date.now();
  const started = performance.now();
  const { method = 'GET', url = '/', headers, httpVersion } = req;
  const { proto, forwardedHost = 'localhost', clients } = forwardedBy(req);
  const path = originForm(url);

  return () => {
    const size = measure();
    const answered = res.headersSent || res.statusCode === 101;
    return {
      route,
      method,
      url: (path === undefined ? url : `${proto}://${forwardedHost}${path}`).slice(0, maxUrlLength),
      status: answered ? res.statusCode : clientClosedRequest,
      ...(headers['user-agent'] === undefined ? {} : { userAgent: headers['user-agent'] }),
      requestSize: size.in,
      responseSize: size.out,
      remoteIp: clientAddress(clients),
      latencyMs: performance.now() - started,
      protocol: `HTTP/${httpVersion}`,
      timestamp,
    };
  };
}

/** The peer itself; behind a front on the same machine, whom the front took the request from. */
function clientAddress(clients: string): string {
  const [peer = 'unknown', before] = clients.split(', ').reverse();
  const isLocal = peer === '::1' || peer.replace('::ffff:', '').startsWith('127.');
  return isLocal && before !== undefined ? before : peer;
}
