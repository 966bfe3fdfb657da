import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiError, Rejection } from '../../core/errors.ts';
import { DiskFull, describeFailure, explainFullDisk } from '../../core/failure.ts';
import { StoreUnavailable } from '../../core/store-failure.ts';
import { printRejection } from '../../wire/error-response.ts';

/** Of what a handler, a hook or the framework throws. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const rejection = toRejection(error);
  const [{ status, code }] = rejection.errors;
  const { id: reqId, log } = request;
  // Somebody else's trouble comes in numbers, and its stack tells nothing.
  if (error instanceof StoreUnavailable) log.warn({ reqId, err: error }, 'a request failed');
  else if (status === 502 || status === 503 || status === 507)
    log.warn({ reqId, reason: rejection.message }, 'a request failed');
  else if (status >= 500) log.error({ reqId, err: error }, 'a request failed');
  if (status === 401) {
    const reason = code === 'invalid_token' ? ', error="invalid_token"' : '';
    reply.header('www-authenticate', `Bearer realm="berth"${reason}`);
  }
  if (code === 'IdempotencyKeyInUse') reply.header('retry-after', 1);
  return reply.code(status).send(printRejection(rejection));
}

/** What a client is told of whatever was thrown. */
export function toRejection(error: unknown): Rejection {
  if (error instanceof Rejection) return error;
  if (error instanceof StoreUnavailable)
    return new Rejection(apiError('ServiceUnavailable', { text: describeFailure(error) }));
  const explained = explainFullDisk(error);
  if (explained instanceof DiskFull)
    return new Rejection(apiError('InsufficientStorage', { text: describeFailure(explained) }));
  const status = (error as { statusCode?: unknown }).statusCode;
  // The framework's own complaints about a request: too large, unreadable length…
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    return new Rejection(apiError('InvalidJsonInput', { detail: error.message }));
  }
  return new Rejection(
    apiError('General', { text: 'Internal error. The log of Berth says more.' }),
  );
}

export function answerUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const text = `There is no ${request.method} ${request.url.split('?')[0] ?? ''} in this API`;
  return reply.code(404).send({
    statusCode: 404,
    message: text,
    errors: [{ code: 'ResourceNotFound', message: text }],
  });
}
