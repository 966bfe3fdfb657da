import type { Connection } from './connection.ts';
import { factsOf, UnexpectedRows } from './error-facts.ts';
import type { Reply, Request, Statement, StatementMaker, StatementResult } from './messages.ts';

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
  maker: StatementMaker | undefined,
): readonly Reply[] {
  const [only] = batches;
  if (batches.length === 1 && only?.kind === 'batch' && only.readOnly)
    return [runReads(connection, only)];
  try {
    connection.setSync(!batches.every(mayBeLost));
    return connection.withRoomOfLog(() => commitTogether(connection, batches, maker));
  } catch (error) {
    return batches.map(({ id }) => ({ id, error: factsOf(error) }));
  }
}

function commitTogether(
  connection: Connection,
  batches: readonly Batch[],
  maker: StatementMaker | undefined,
): readonly Reply[] {
  try {
    connection.execute('BEGIN IMMEDIATE');
    const replies = batches.map((batch) => runInSavepoint(connection, batch, maker));
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

function runInSavepoint(
  connection: Connection,
  batch: Batch,
  maker: StatementMaker | undefined,
): Reply {
  connection.execute('SAVEPOINT batch');
  try {
    const results = runAll(connection, statementsOf(batch, maker));
    connection.execute('RELEASE batch');
    return { id: batch.id, results };
  } catch (error) {
    // A full disk and its like have ended the whole transaction, so that every batch in it fails.
    if (!connection.inTransaction) throw error;
    connection.execute('ROLLBACK TO batch');
    connection.execute('RELEASE batch');
    return { id: batch.id, error: factsOf(error) };
  }
}

function statementsOf(batch: Batch, maker: StatementMaker | undefined): readonly Statement[] {
  if (batch.kind === 'batch') return batch.statements;
  if (maker === undefined) throw new Error('This database was opened without a maker');
  return maker.makeStatements(batch.input);
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
