import { DatabaseError } from 'pg';
import { Failure } from '../../../core/failure.ts';
import { StoreUnavailable } from '../../../core/store-failure.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const isUniqueViolation = (error: unknown): boolean => hasCode(error, '23505');

/** Nothing was done, and the same again may well succeed: serialization_failure, deadlock_detected. */
export const isWorthRepeating = (error: unknown): boolean =>
  hasCode(error, '40001') || hasCode(error, '40P01');

/** It does not fit into its column, its index or beside the others: data exception, integrity constraint violation, program limit exceeded. */
export const isUnfitRow = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^(22|23|54)/.test(error.code ?? '');

/** A write did not find the record that it expects. */
export class UnmetWrite extends Error {
  readonly position: number;
  constructor(position: number) {
    super(`Write ${position} of the commit did not find its record`);
    this.name = 'UnmetWrite';
    this.position = position;
  }
}

/** The server is not there, or not able to answer, or refuses; anything else, as a bug of ours, as it is. */
export function explainAway(error: unknown): unknown {
  if (error instanceof DatabaseError) {
    const code = error.code ?? '';
    if (isRefusal(code)) return refused(error);
    return isOfServer(code) ? new StoreUnavailable(error) : error;
  }
  if (!(error instanceof Error) || error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (isOfTls(code) || withoutTls.has(error.message)) return insecure(error);
  return isOfNetwork(code) || ofBrokenConnection.has(error.message)
    ? new StoreUnavailable(error)
    : error;
}

/** What the system says of a way to a server: https://nodejs.org/api/errors.html#common-system-errors */
function isOfNetwork(code: string): boolean {
  return /^(ECONN(REFUSED|RESET|ABORTED)|E(TIMEDOUT|PIPE|NOTFOUND|AI_AGAIN)|E(HOST|NET)(UNREACH|DOWN)|ENETRESET|EADDRNOTAVAIL|ENOENT)$/.test(
    code,
  );
}

/** node-postgres gives these no code. */
const ofBrokenConnection: ReadonlySet<string> = new Set([
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Connection terminated',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
]);

const withoutTls: ReadonlySet<string> = new Set([
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
]);

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isOfTls(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(
    code,
  );
}

function insecure(error: Error): Failure {
  return new Failure(`There is no trusted connection to the PostgreSQL server: ${error.message}.`, {
    nextStep:
      'Check sslmode and sslrootcert in BERTH_DATABASE_URL, and the certificate of the server.',
    cause: error,
  });
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
