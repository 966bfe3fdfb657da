import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';
import type { DatabaseThread } from './thread-client.ts';
import { ThreadConnection } from './thread-connection.ts';
import type { Turns } from './turns.ts';

/** Kysely over the database thread. */
export function createDialect(thread: DatabaseThread, turns: Turns): Dialect {
  return {
    createAdapter: () => new ThreadAdapter(),
    createDriver: () => new ThreadDriver(thread, turns),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Kysely would let one statement at a time through; `Turns` keeps only transactions apart. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Kysely hands a driver no connections but those the driver made. */
class ThreadDriver implements Driver {
  readonly #thread: DatabaseThread;
  readonly #turns: Turns;

  constructor(thread: DatabaseThread, turns: Turns) {
    this.#thread = thread;
    this.#turns = turns;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<ThreadConnection> {
    return new ThreadConnection(this.#thread, this.#turns);
  }

  beginTransaction(connection: ThreadConnection, settings: TransactionSettings): Promise<void> {
    return connection.begin(settings.accessMode);
  }

  commitTransaction(connection: ThreadConnection): Promise<void> {
    return connection.commit();
  }

  rollbackTransaction(connection: ThreadConnection): Promise<void> {
    return connection.rollback();
  }

  savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    return runOn(connection, 'SAVEPOINT', name);
  }

  rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    return runOn(connection, 'ROLLBACK TO', name);
  }

  releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    return runOn(connection, 'RELEASE', name);
  }

  releaseConnection(connection: ThreadConnection): Promise<void> {
    return connection.rollback();
  }

  /** The thread ends with its `SqliteDatabase`. */
  async destroy(): Promise<void> {}
}

async function runOn(connection: DatabaseConnection, command: string, name: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(`${command} "${name.replaceAll('"', '""')}"`));
}
