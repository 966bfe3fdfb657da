import type { ErrorResponse, GoogleError } from './error-response.ts';

const statuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  507: 'RESOURCE_EXHAUSTED',
};

/** The other mistakes are in `errors`. */
const mistakesInMessage = 5;

/** Google's form beside Connect's own: where it is missing, Google's client cannot say what is wrong. */
export function withGoogleError(
  answer: ErrorResponse,
): Omit<ErrorResponse, 'error'> & { readonly error: GoogleError } {
  const { statusCode, errors } = answer;
  const message = errors
    .slice(0, mistakesInMessage)
    .map((one) => one.detailedErrorMessage ?? one.message)
    .join('; ');
  return {
    ...answer,
    error: { code: statusCode, status: statuses[statusCode] ?? 'INTERNAL', message },
  };
}
