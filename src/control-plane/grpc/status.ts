import { type StatusObject, status } from '@grpc/grpc-js';
import type { ApiError } from '../../core/errors.ts';
import type { Logger } from '../../ports/logger.ts';
import { toRejection } from '../api/answer-error.ts';

/** As Google's own clients know them: they try again what is UNAVAILABLE or RESOURCE_EXHAUSTED. */
const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  429: status.RESOURCE_EXHAUSTED,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  507: status.RESOURCE_EXHAUSTED,
};

/** What the same request over HTTP would be answered, as a status of gRPC. */
export function statusOf(error: unknown, logger: Logger): Pick<StatusObject, 'code' | 'details'> {
  const { errors } = toRejection(error);
  const code = codes[errors[0].status] ?? status.INTERNAL;
  if (code === status.INTERNAL) logger.error({ err: error }, 'a request over gRPC failed');
  else if (errors[0].status > 500) logger.warn({ err: error }, 'a request over gRPC failed');
  return { code, details: errors.map(textOf).join('\n') };
}

function textOf({ message, extras }: ApiError): string {
  const { detailedErrorMessage: detail } = extras;
  return typeof detail === 'string' ? `${message}: ${detail}` : message;
}
