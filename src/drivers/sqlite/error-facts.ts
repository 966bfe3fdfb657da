import type { ErrorFacts } from './messages.ts';

export function factsOf(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  if (error instanceof UnexpectedRows) return { message, affected: error.affected };
  const errcode = 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' ? { message, errcode } : { message };
}

/** Undoes a batch whose statement changed another number of rows than it had to. */
export class UnexpectedRows extends Error {
  readonly affected: { readonly statement: number; readonly rows: number };

  constructor(statement: number, rows: number, expected: number) {
    super(`Statement ${statement} of the batch changed ${rows} rows instead of ${expected}`);
    this.affected = { statement, rows };
  }
}
