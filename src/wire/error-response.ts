import type { Rejection } from '../core/errors.ts';

/** Contract §3.1. A 401 carries its message once more as `error`. */
export interface ErrorResponse {
  readonly statusCode: number;
  readonly message: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly error?: string;
}

export function printRejection(rejection: Rejection): ErrorResponse {
  const [first] = rejection.errors;
  return {
    statusCode: first.status,
    message: first.message,
    errors: rejection.errors.map(({ code, message, extras }) => ({ code, message, ...extras })),
    ...(first.status === 401 ? { error: first.message } : {}),
  };
}
