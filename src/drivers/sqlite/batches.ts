import type { Connection } from './connection.ts';
import { factsOf, UnexpectedRows } from './error-facts.ts';
import type { MadeStatements, Reply, Request, Statement, StatementResult } from './messages.ts';

export type Batch = Extract<Request, { kind: 'batch' | 'make' }>;

export function isReadOnly(batch: Batch): boolean {
  return batch.kind === 'batch' && batch.readOnly;
}

function mayBeLost(batch: Batch): boolean {
  return batch.kind === 'batch' && batch.mayBeLost;
}

/** Whether none of what they change is news to anybody. */
export function areQuiet(batches: readonly Batch[]): boolean {
  return batches.every((batch) => batch.kind === 'batch' && batch.isQuiet);
}

/**
 * Batches that waited together are committed together: the disk's sync, which is nearly all of their cost, is then
 * paid once. Each is still all or nothing by itself, and none is answered before the commit.
 */
export function runBatches(
  connection: Connection,
  batches: readonly Batch[],
  made: MadeOf,
): readonly Reply[] {
  const [only] = batches;
  if (batches.length === 1 && only?.kind === 'batch' && only.readOnly)
    return [runReads(connection, only)];
  // Nobody else waits for a lock meanwhile.
  const works = batches.map((batch) => workOf(batch, made));
  const replies = commitAll(connection, works, !batches.every(mayBeLost));
  for (const [position, reply] of replies.entries()) if ('error' in reply) works[position]?.undo();
  return replies;
}

/** Statements of an input, by the module that the thread was started with. */
export type MadeOf = (input: unknown) => MadeStatements;

/** A batch whose statements are known, or why they are not. */
interface Work {
  readonly id: number;
  readonly statements: readonly Statement[] | { readonly failure: unknown };
  undo(): void;
}

function workOf(batch: Batch, made: MadeOf): Work {
  const { id } = batch;
  const nothing = (): void => {};
  if (batch.kind === 'batch') return { id, statements: batch.statements, undo: nothing };
  try {
    return { id, ...made(batch.input) };
  } catch (failure) {
    return { id, statements: { failure }, undo: nothing };
  }
}

function commitAll(
  connection: Connection,
  works: readonly Work[],
  sync: boolean,
): readonly Reply[] {
  try {
    connection.setSync(sync);
    return connection.withRoomOfLog(() => commitTogether(connection, works));
  } catch (error) {
    return works.map(({ id }) => ({ id, error: factsOf(error) }));
  }
}

function commitTogether(connection: Connection, works: readonly Work[]): readonly Reply[] {
  try {
    connection.execute('BEGIN IMMEDIATE');
    const replies = works.map((work) => runInSavepoint(connection, work));
    connection.execute('COMMIT');
    return replies;
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

/** Reads of one moment. They take no write lock. */
function runReads(connection: Connection, batch: Extract<Batch, { kind: 'batch' }>): Reply {
  try {
    connection.execute('BEGIN');
    return { id: batch.id, results: runAll(connection, batch.statements) };
  } catch (error) {
    return { id: batch.id, error: factsOf(error) };
  } finally {
    connection.rollback();
  }
}

function runInSavepoint(connection: Connection, { id, statements }: Work): Reply {
  if ('failure' in statements) return { id, error: factsOf(statements.failure) };
  connection.execute('SAVEPOINT batch');
  try {
    const results = runAll(connection, statements);
    connection.execute('RELEASE batch');
    return { id, results };
  } catch (error) {
    // A full disk and its like have ended the whole transaction, so that every batch in it fails.
    if (!connection.inTransaction) throw error;
    connection.execute('ROLLBACK TO batch');
    connection.execute('RELEASE batch');
    return { id, error: factsOf(error) };
  }
}

function runAll(connection: Connection, statements: readonly Statement[]): StatementResult[] {
  return statements.map((statement, position) => {
    const result = connection.run(statement);
    const rows = result.rows.length + result.changes;
    if (statement.affects !== undefined && statement.affects !== rows)
      throw new UnexpectedRows(position, rows, statement.affects);
    return result;
  });
}
