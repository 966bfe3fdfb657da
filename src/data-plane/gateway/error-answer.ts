import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Route } from '../../core/route-table.ts';
import { isCutOff, isRefused } from '../connections/http/failures.ts';

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

/** What the client has is incomplete, and only a broken connection says so. */
export function breakOff(res: ServerResponse): void {
  // Behind another answer it has no connection yet, and what it has said is sent all the same as soon as it gets it.
  if (res.socket === null) res.once('socket', (socket: Duplex) => socket.destroy());
  res.destroy();
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
  if (isRefused(error)) return badGateway(route, 'refused the connection.');
  if (isCutOff(error)) return badGateway(route, 'closed the connection before it answered.');
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ANSWER_TOO_LATE':
      return timedOut(route, 'did not answer in time.');
    case 'CONNECTION_TOO_LATE':
    case 'ETIMEDOUT':
      return timedOut(route, 'did not take the connection in time.');
    case 'LET_GO':
      return unavailable(route, 'Berth is being stopped.');
    case 'REQUEST_INVALID':
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
