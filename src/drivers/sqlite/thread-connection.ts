import type { AccessMode, CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { toStatement } from './statement.ts';
import type { DatabaseThread } from './thread-client.ts';
import type { Turns } from './turns.ts';

/** Kysely's idea of a connection. They all share the thread's; an open transaction has it to itself. */
export class ThreadConnection implements DatabaseConnection {
  readonly #thread: DatabaseThread;
  readonly #turns: Turns;
  /** Set while a transaction of this connection is open. */
  #endTurn: (() => void) | undefined;

  constructor(thread: DatabaseThread, turns: Turns) {
    this.#thread = thread;
    this.#turns = turns;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const [result] = await this.#run(query.sql, query.parameters);
    return {
      rows: (result?.rows ?? []) as Row[],
      numAffectedRows: BigInt(result?.changes ?? 0),
      insertId: BigInt(result?.lastInsertRowid ?? 0),
    };
  }

  /** Nothing here is read that does not fit into memory: every query has a limit. */
  async *streamQuery(): AsyncIterableIterator<never> {
    yield* [];
    throw new Error('SQLite queries are not streamed: page through the rows instead');
  }

  /** IMMEDIATE takes the write lock at once: two processes that both read first would refuse each other later. */
  async begin(accessMode: AccessMode | undefined): Promise<void> {
    const endTurn = await this.#turns.take();
    this.#endTurn = endTurn;
    try {
      await this.#run(accessMode === 'read only' ? 'BEGIN' : 'BEGIN IMMEDIATE', []);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.#run('COMMIT', []);
    this.#leave();
  }

  /** Fine without a transaction too, so that nothing can be left open. */
  async rollback(): Promise<void> {
    if (this.#endTurn === undefined) return;
    try {
      await this.#thread.send({ kind: 'rollback' });
    } finally {
      this.#leave();
    }
  }

  async #run(sql: string, parameters: readonly unknown[]) {
    const statement = toStatement({ sql, parameters });
    const send = () => this.#thread.send({ kind: 'run', statement });
    return this.#endTurn === undefined ? this.#turns.between(send) : send();
  }

  #leave(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}
