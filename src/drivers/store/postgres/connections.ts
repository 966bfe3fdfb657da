import type { PostgresQueryResult } from 'kysely';
import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { explainAway } from './errors.ts';
import type { StoreObserver } from './observer.ts';

/** Bounds on everything that waits. The server ends what a frozen Berth left open, so that its lock is free again. */
export const limits = {
  connections: 10,
  /** Of them, so that whoever reads always finds one. */
  commits: { atOnce: 4, waiting: 1000, waitMs: 30_000 },
  connectMs: 5000,
  statementMs: 30_000,
  /** The server is asked to give up first; this is for one that does not answer at all. */
  answerMs: 35_000,
  idleInTransactionMs: 15_000,
} as const;

/** Bounds that a connection for long work has instead. */
export type Bounds = Partial<
  Record<'statement_timeout' | 'query_timeout' | 'idle_in_transaction_session_timeout', number>
>;

export function connectionOptions(url: string) {
  return {
    connectionString: url,
    application_name: 'berth',
    connectionTimeoutMillis: limits.connectMs,
    statement_timeout: limits.statementMs,
    query_timeout: limits.answerMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    keepAlive: true,
    types: { getTypeParser },
  } as const;
}

export interface Connection {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  release(): void;
}

/** A pool in the form that Kysely asks for, whose failures say that the database is away where it is. */
export class Connections {
  readonly #pool: Pool;
  readonly #observer: StoreObserver;
  readonly options = {};

  constructor(url: string, observer: StoreObserver, bounds: Bounds = {}) {
    this.#observer = observer;
    this.#pool = new Pool({ ...connectionOptions(url), ...bounds, max: limits.connections });
    // An idle connection that breaks is replaced when it is needed; nobody waits for it.
    this.#pool.on('error', () => {});
  }

  async connect(): Promise<Connection> {
    try {
      return wrap(await this.#pool.connect(), this.#observer);
    } catch (error) {
      const explained = explainAway(error);
      this.#observer.failed(explained);
      throw explained;
    }
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

function wrap(client: PoolClient, observer: StoreObserver): Connection {
  let broken: Error | undefined;
  // Without a listener a connection that breaks between two queries would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  return {
    async query<Row>(sql: string, parameters: readonly unknown[]) {
      try {
        const result = await client.query({ text: sql, values: parameters.map(storable) });
        observer.answered();
        return result as unknown as PostgresQueryResult<Row>;
      } catch (error) {
        const explained = explainAway(error);
        observer.failed(explained);
        // Its protocol may be in the middle of something: a new one is cheaper than the doubt.
        if (!(error instanceof DatabaseError) || explained !== error) broken = asError(error);
        throw explained;
      }
    },
    release() {
      client.off('error', onError);
      client.release(broken);
    },
  };
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/** PostgreSQL keeps no NUL in a text. */
export function storable(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value;
}

/** Numbers of 64 bits are times and counts here: all of them are exact in a JavaScript number. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format);
}
