import type { ServerResponse } from 'node:http';
import type { Route } from '../../core/route-table.ts';

/** An answer of the gateway's own, in the API's error form (contract §3.1). */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerError(
  res: ServerResponse,
  answer: ErrorAnswer,
  correlationId?: string,
): void {
  if (res.headersSent || res.destroyed) return;
  const body = Buffer.from(errorBody(answer));
  res.writeHead(answer.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.byteLength,
    ...(correlationId === undefined ? {} : { 'X-Correlation-ID': correlationId }),
    ...answer.headers,
  });
  res.end(body);
}

export function errorBody({ status, code, message }: ErrorAnswer): string {
  return JSON.stringify({ statusCode: status, message, errors: [{ code, message }] });
}

export const internalError: ErrorAnswer = {
  status: 500,
  code: 'General',
  message: 'The gateway failed to carry this request. Its log says why.',
};

export function unknownHost(host: string | undefined): ErrorAnswer {
  const where = host === undefined ? 'this address' : host;
  return { status: 404, code: 'ResourceNotFound', message: `No application answers at ${where}.` };
}

export function unavailable(route: Route, reason: string, retryAfterSeconds = 5): ErrorAnswer {
  return {
    status: 503,
    code: 'ServiceUnavailable',
    message: `${nameOf(route)} is not available: ${reason}`,
    headers: { 'Retry-After': String(retryAfterSeconds) },
  };
}

/** What became of a request that an instance did not answer. */
export function upstreamFailed(route: Route, error: Error): ErrorAnswer {
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
    // Its socket is gone.
    case 'ENOENT':
      return badGateway(route, 'refused the connection.');
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_DESTROYED':
      return badGateway(route, 'closed the connection before it answered.');
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return timedOut(route, 'did not answer in time.');
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return timedOut(route, 'did not take the connection in time.');
    // Their texts are about the parser.
    case 'ERR_ASSERTION':
      return badGateway(route, 'did not answer with valid HTTP.');
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return badRequest(`The request cannot be passed on: ${error.message}`);
    default:
      return badGateway(route, `did not answer properly: ${error.message}`);
  }
}

export function badRequest(message: string): ErrorAnswer {
  return { status: 400, code: 'InvalidRequest', message };
}

function badGateway(route: Route, reason: string): ErrorAnswer {
  return { status: 502, code: 'BadGateway', message: `${nameOf(route)} ${reason}` };
}

export function timedOut(route: Route, reason: string): ErrorAnswer {
  return { status: 504, code: 'GatewayTimeout', message: `${nameOf(route)} ${reason}` };
}

function nameOf({ applicationName, deploymentId }: Route): string {
  return `Application ${applicationName} of deployment ${deploymentId}`;
}
