import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FlatHeaders } from '../connections/http/flat-headers.ts';

/** They concern one connection, not the request (RFC 9110 §7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the gateway says itself; and `expect`, which it has answered already. */
const replaced: ReadonlySet<string> = new Set([
  'expect',
  'x-correlation-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

const maxCorrelationIdLength = 256;

export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  const usable =
    typeof given === 'string' && given !== '' && given.length <= maxCorrelationIdLength;
  return usable ? given : randomUUID();
}

/** The head of a request on its way to an instance. */
export function requestHeaders(req: IncomingMessage, correlationId: string): FlatHeaders {
  const named = namedByConnection(req.headers.connection);
  const headers = filterHeaders(
    req.rawHeaders,
    (name) => !hopByHop.has(name) && !replaced.has(name) && !named.has(name),
  );
  const { host, forwardedHost, proto, clients } = forwardedBy(req);
  headers.push('X-Forwarded-For', clients, 'X-Forwarded-Proto', proto);
  if (forwardedHost !== undefined) headers.push('X-Forwarded-Host', forwardedHost);
  headers.push('X-Correlation-ID', correlationId);
  // HTTP/1.0 has no Host, and the instance's own address would be a lie.
  if (host === undefined) headers.push('Host', 'localhost');
  return headers;
}

/** The head of an instance's answer on its way back. */
export function responseHeaders(raw: FlatHeaders, correlationId: string): FlatHeaders {
  let connection: string | undefined;
  let hasCorrelationId = false;
  const headers = filterHeaders(raw, (name, value) => {
    if (name === 'connection')
      connection = connection === undefined ? value : `${connection}, ${value}`;
    if (name === 'x-correlation-id') hasCorrelationId = true;
    return !hopByHop.has(name);
  });
  if (!hasCorrelationId) headers.push('X-Correlation-ID', correlationId);
  const named = namedByConnection(connection);
  return named.size === 0 ? headers : filterHeaders(headers, (name) => !named.has(name));
}

/** How the client reached us, where a front before us says so. */
export function forwardedBy(req: IncomingMessage): {
  readonly host: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly proto: string;
  readonly clients: string;
} {
  const { host } = req.headers;
  const peer = req.socket.remoteAddress ?? 'unknown';
  const before = single(req.headers['x-forwarded-for']);
  return {
    host,
    forwardedHost: single(req.headers['x-forwarded-host']) ?? host,
    proto: single(req.headers['x-forwarded-proto']) ?? 'http',
    clients: before === undefined ? peer : `${before}, ${peer}`,
  };
}

export function filterHeaders(
  raw: FlatHeaders,
  keep: (name: string, value: string) => boolean,
): FlatHeaders {
  const kept: FlatHeaders = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    if (keep(name.toLowerCase(), value)) kept.push(name, value);
  }
  return kept;
}

const none: ReadonlySet<string> = new Set();

/** `Connection` may name more headers that end here; never those the message cannot do without. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  // What nearly all say.
  if (connection === undefined || /^(?:keep-alive|close)$/i.test(connection)) return none;
  const names = new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  for (const needed of ['host', 'content-length', 'content-type']) names.delete(needed);
  return names;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
