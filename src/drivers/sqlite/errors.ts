import { DiskFull } from '../../core/failure.ts';
import type { ErrorFacts } from './messages.ts';

/** An error of SQLite itself. */
export class SqliteError extends Error {
  /** SQLite's own name for the kind of error: `SQLITE_BUSY`, `SQLITE_FULL`… */
  readonly code: string;
  /** SQLite's extended result code. */
  readonly errcode: number;

  constructor(message: string, errcode: number) {
    super(message);
    this.name = new.target.name;
    this.errcode = errcode;
    this.code = nameOf(errcode);
  }
}

/** Another process held the file for longer than the busy timeout. Nothing was changed; trying again is safe. */
export class SqliteBusyError extends SqliteError {}

/** A batch was undone because a statement did not change as many rows as it had to. */
export class AffectedRowsError extends Error {
  /** Position in the batch, from 0. */
  readonly statement: number;
  readonly rows: number;

  constructor(message: string, affected: { readonly statement: number; readonly rows: number }) {
    super(message);
    this.name = 'AffectedRowsError';
    this.statement = affected.statement;
    this.rows = affected.rows;
  }
}

export function isUniqueViolation(error: unknown): error is SqliteError {
  return error instanceof SqliteError && uniqueViolations.has(error.errcode);
}

/** Makes the error a caller sees, with the file's name in it: a process has several databases open. */
export function toError(facts: ErrorFacts, file: string): Error {
  if (facts.affected !== undefined) return new AffectedRowsError(facts.message, facts.affected);
  if (facts.errcode === undefined) return new Error(`${facts.message} (database ${file})`);
  if (primaryCode(facts.errcode) === busy)
    return new SqliteBusyError(
      `The database ${file} stayed locked by another connection: ${facts.message}`,
      facts.errcode,
    );
  const error = new SqliteError(`${facts.message} (database ${file})`, facts.errcode);
  return isDiskFull(facts.errcode) ? new DiskFull('The disk is full.', { cause: error }) : error;
}

/** The other one: there is no room for the index of the log. */
export function isDiskFull(errcode: number): boolean {
  return primaryCode(errcode) === full || errcode === 4874;
}

const busy = 5;
const full = 13;

/** UNIQUE, PRIMARY KEY and ROWID constraints. */
const uniqueViolations = new Set([2067, 1555, 2579]);

const names: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
};

function nameOf(errcode: number): string {
  return names[primaryCode(errcode)] ?? 'SQLITE_ERROR';
}

/** The low byte is the kind; the rest says more about it. */
function primaryCode(errcode: number): number {
  return errcode & 0xff;
}
