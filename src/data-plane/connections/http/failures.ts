const notSent = 'REQUEST_NOT_SENT';

export type HttpFailureCode =
  /** The connection ended before the answer did. */
  | 'ANSWER_CUT_OFF'
  /** The connection ended before the request was sent. */
  | typeof notSent
  /** We have ended it ourselves. */
  | 'LET_GO'
  | 'ANSWER_TOO_LATE'
  | 'CONNECTION_TOO_LATE'
  /** What came is no HTTP, or can be read in more than one way. */
  | 'ANSWER_INVALID'
  /** It would be another request for whoever reads it, or none. */
  | 'REQUEST_INVALID';

/** Why there is no answer, where the system has no code of its own for it (`ECONNREFUSED`). */
export class HttpFailure extends Error {
  readonly code: HttpFailureCode;

  constructor(code: HttpFailureCode, message: string) {
    super(message);
    this.name = 'HttpFailure';
    this.code = code;
  }
}

export function cutOff(): HttpFailure {
  return new HttpFailure('ANSWER_CUT_OFF', 'The connection ended before the answer.');
}

export function unsent(): HttpFailure {
  return new HttpFailure(notSent, 'The connection ended before the request was sent.');
}

/** @param reason a sentence for people, about whoever answered */
export function invalidAnswer(reason: string): HttpFailure {
  return new HttpFailure('ANSWER_INVALID', reason);
}

/** Whoever was asked has ended, or let the connection go, before the answer was there. */
export function isCutOff({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ANSWER_CUT_OFF' || code === notSent;
}

/** It has let the connection go just when it was to be used, and has not seen the request. */
export function isUnsent({ code }: NodeJS.ErrnoException): boolean {
  return code === notSent;
}

/** Nobody listened on its port, or its socket was gone: it has not seen the request. */
export function isRefused({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What an application has done instead of answering, for its log and its reports. */
export function describeFailure(error: Error): string {
  if (isRefused(error)) return 'It refused the connection.';
  return isCutOff(error) ? 'It closed the connection before it answered.' : error.message;
}
