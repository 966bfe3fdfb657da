import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { ErrorFacts, Statement, StatementResult, ThreadOptions } from './messages.ts';

const cachedStatements = 256;

/** One connection and its prepared statements. Synchronous: it belongs into a thread of its own. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #seenVersion: unknown;
  #seenChanges: unknown;

  constructor(options: ThreadOptions) {
    this.#database = new DatabaseSync(options.file, { timeout: options.busyTimeoutMs });
    switchToWal(this.#database, options.busyTimeoutMs);
    this.#database.exec(`PRAGMA synchronous = ${options.synchronous}`);
    this.#database.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`);
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  run(statement: Statement): StatementResult {
    const { prepared, returnsRows } = this.#prepare(statement.sql);
    const parameters = statement.parameters as SQLInputValue[];
    if (returnsRows) return { rows: prepared.all(...parameters), changes: 0, lastInsertRowid: 0 };
    const { changes, lastInsertRowid } = prepared.run(...parameters);
    return { rows: [], changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
  }

  execute(sql: string): void {
    this.run({ sql, parameters: [] });
  }

  script(sql: string): void {
    this.#database.exec(sql);
  }

  /** SQLite undoes a transaction by itself after some errors (a full disk); then there is nothing left to do. */
  rollback(): void {
    if (this.#database.isTransaction) this.execute('ROLLBACK');
  }

  /** Whether this or another connection has committed a change since the last call outside of a transaction. */
  hasChanged(): boolean {
    if (this.inTransaction) return false;
    const version = this.#readNumber('PRAGMA data_version');
    const changes = this.#readNumber('SELECT total_changes()');
    const changed = version !== this.#seenVersion || changes !== this.#seenChanges;
    this.#seenVersion = version;
    this.#seenChanges = changes;
    return changed;
  }

  close(): void {
    this.rollback();
    // Passive waits for nobody; whoever closes the file last writes back the rest.
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.#database.close();
  }

  #readNumber(sql: string): unknown {
    return Object.values(this.#prepare(sql).prepared.get() ?? {})[0];
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    const statement = known ?? this.#newStatement(sql);
    // Moving it to the end keeps the map in order of use.
    if (known !== undefined) this.#prepared.delete(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #newStatement(sql: string): Prepared {
    const prepared = this.#database.prepare(sql);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size >= cachedStatements && oldest !== undefined)
      this.#prepared.delete(oldest);
    return { prepared, returnsRows: prepared.columns().length > 0 };
  }
}

interface Prepared {
  readonly prepared: StatementSync;
  readonly returnsRows: boolean;
}

/** The switch needs the file for itself and, unlike everything else, SQLite does not wait for that. */
function switchToWal(database: DatabaseSync, timeoutMs: number): void {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error;
      pause(2);
    }
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isBusy(error: unknown): boolean {
  return ((factsOf(error).errcode ?? 0) & 0xff) === 5;
}

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
