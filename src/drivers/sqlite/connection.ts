import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { waitWhileBusy } from './busy.ts';
import { factsOf } from './error-facts.ts';
import { isDiskFull } from './errors.ts';
import type { Statement, StatementResult, ThreadOptions } from './messages.ts';

const cachedStatements = 256;

/** One connection and its prepared statements. Synchronous: it belongs into a thread of its own. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #prepared = new Map<string, Prepared>();
  readonly #synchronous: ThreadOptions['synchronous'];
  #seen: Counters | undefined;
  #seenChanges = 0;
  #syncs = true;

  constructor(options: ThreadOptions) {
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#synchronous = options.synchronous;
    this.#database = new DatabaseSync(options.file);
    // Of no effect on a file that is there.
    if (options.mayShrink) this.script('PRAGMA auto_vacuum = INCREMENTAL');
    this.script('PRAGMA journal_mode = WAL');
    this.script(`PRAGMA synchronous = ${options.synchronous}`);
    // What is deleted is overwritten: keys and secrets must not lie on in free pages.
    this.script('PRAGMA secure_delete = ON');
    if (options.writeBack !== undefined)
      this.script(`PRAGMA wal_autocheckpoint = ${options.writeBack.most}`);
    this.script(`PRAGMA journal_size_limit = ${keptLogBytes}`);
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  run(statement: Statement): StatementResult {
    return waitWhileBusy(this.#busyTimeoutMs, () => this.#run(statement));
  }

  execute(sql: string): void {
    this.run({ sql, parameters: [] });
  }

  script(sql: string): void {
    waitWhileBusy(this.#busyTimeoutMs, () => this.#database.exec(sql));
  }

  /** SQLite undoes a transaction by itself after some errors (a full disk); then there is nothing left to do. */
  rollback(): void {
    if (this.#database.isTransaction) this.execute('ROLLBACK');
  }

  /**
   * Tries work that found the disk full once more, with the log written back: it is then used from its beginning again, so
   * that there is some room for what makes more of it.
   */
  withRoomOfLog<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const { errcode } = factsOf(error);
      if (errcode === undefined || !isDiskFull(errcode)) throw error;
      this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
      return work();
    }
  }

  /** Writes the log back where so many pages of it were not. Waits for nobody. Before SQLite 3.51 the look itself writes back. */
  writeBack(pages: number): void {
    const look = { sql: 'PRAGMA wal_checkpoint(NOOP)', parameters: [] };
    const [state] = this.run(look).rows as { log: number; checkpointed: number }[];
    if (state !== undefined && state.log - state.checkpointed >= pages)
      this.script('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Whether this or another connection has committed a change since the last call outside of a transaction. */
  hasChanged(): boolean {
    if (this.inTransaction) return false;
    const { version, changes } = this.#readCounters();
    const changed = version !== this.#seen?.version || changes !== this.#seen.changes;
    this.#seen = { version, changes };
    return changed;
  }

  /** What this connection has committed so far is no news any more; what others have may be. */
  passOver(): void {
    if (!this.isOpen || this.inTransaction) return;
    this.#seenChanges = this.#readChanges();
    if (this.#seen !== undefined) this.#seen = { ...this.#seen, changes: this.#seenChanges };
  }

  /** Whether commits from now on wait for the disk, as far as the file is one whose commits do. Not within a transaction. */
  setSync(on: boolean): void {
    if (on === this.#syncs) return;
    this.script(`PRAGMA synchronous = ${on ? this.#synchronous : 'NORMAL'}`);
    this.#syncs = on;
  }

  /** Whether this connection has committed a change of rows since the last call. */
  hasWritten(): boolean {
    if (!this.isOpen || this.inTransaction) return false;
    const changes = this.#readChanges();
    const hasWritten = changes !== this.#seenChanges;
    this.#seenChanges = changes;
    return hasWritten;
  }

  close(): void {
    this.rollback();
    try {
      // Passive waits for nobody; whoever closes the file last writes back the rest.
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } finally {
      this.#database.close();
    }
  }

  #run(statement: Statement): StatementResult {
    const { prepared, returnsRows } = this.#prepare(statement.sql);
    const parameters = statement.parameters as SQLInputValue[];
    if (returnsRows) return { rows: prepared.all(...parameters), changes: 0, lastInsertRowid: 0 };
    const { changes, lastInsertRowid } = prepared.run(...parameters);
    return { rows: [], changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
  }

  #readCounters(): Counters {
    const sql =
      'SELECT data_version AS version, total_changes() AS changes FROM pragma_data_version';
    const [row] = this.run({ sql, parameters: [] }).rows as Counters[];
    return row ?? { version: 0, changes: 0 };
  }

  #readChanges(): number {
    const sql = 'SELECT total_changes() AS changes';
    const [row] = this.run({ sql, parameters: [] }).rows as Pick<Counters, 'changes'>[];
    return row?.changes ?? 0;
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

/** Of the commits of others, and of the rows that this connection has changed. */
interface Counters {
  readonly version: number;
  readonly changes: number;
}

interface Prepared {
  readonly prepared: StatementSync;
  readonly returnsRows: boolean;
}

/** So much of the write-ahead log stays on the disk once it was needed: to get the place anew for every burst costs a tenth of it. */
const keptLogBytes = 64 * 1024 * 1024;
