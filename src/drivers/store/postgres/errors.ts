import { DatabaseError } from 'pg';
import { Failure } from '../../../core/failure.ts';
import { StoreUnavailable } from '../../../core/store-failure.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const isUniqueViolation = (error: unknown): boolean => hasCode(error, '23505');

/** Nothing was done, and the same again may well succeed: serialization_failure, deadlock_detected. */
export const isWorthRepeating = (error: unknown): boolean =>
  hasCode(error, '40001') || hasCode(error, '40P01');

/** A write did not find the record that it expects. */
export class UnmetWrite extends Error {
  readonly position: number;
  constructor(position: number) {
    super(`Write ${position} of the commit did not find its record`);
    this.name = 'UnmetWrite';
    this.position = position;
  }
}

/** The server is not there, or not able to answer; anything else as it is. */
export function explainAway(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  if (error instanceof DatabaseError) {
    const code = error.code ?? '';
    if (isRefusal(code)) return refused(error);
    return isOfServer(code) ? new StoreUnavailable(error) : error;
  }
  // What is no answer of the server is trouble on the way to it: refused, reset, timed out, no such host.
  return error instanceof UnmetWrite ? error : new StoreUnavailable(error);
}

/** 08 connection, 53 insufficient resources, 57 operator intervention and time limits, 58 system error, 55P03 lock time limit. */
function isOfServer(code: string): boolean {
  return /^(08|53|57|58)/.test(code) || code === '55P03' || code === '25P03';
}

/** Wrong user or password, no such database, no rights in it. The server's words name no password. */
const isRefusal = (code: string): boolean => /^(28|3D)/.test(code) || code === '42501';

function refused(error: DatabaseError): Failure {
  return new Failure(`The PostgreSQL server refuses Berth: ${error.message}.`, {
    nextStep:
      'Check the user, the password and the database in BERTH_DATABASE_URL, and that the user owns the database.',
    cause: error,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof DatabaseError && error.code === code;
}
