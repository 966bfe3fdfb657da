import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type CompiledQuery, Kysely } from 'kysely';
import { createDialect } from './dialect.ts';
import type { Statement, StatementResult, ThreadOptions, WriteBack } from './messages.ts';
import { type Migration, migrate } from './migrate.ts';
import { RestingThread } from './resting-thread.ts';
import { toStatement } from './statement.ts';
import { ThreadClient } from './thread-client.ts';
import { Turns } from './turns.ts';
import { VersionReader } from './version.ts';
import { Watchers } from './watchers.ts';

export interface SqliteOptions {
  readonly file: string;
  /** FULL survives a power cut; NORMAL only the death of the process. */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly migrations: readonly Migration[];
  /** How long a write waits for another process that is writing. */
  readonly busyTimeoutMs?: number;
  /** When the write-ahead log is written back: more of it costs less where much is written. */
  readonly writeBack?: WriteBack;
  /** A new file can give pages back to the disk. */
  readonly mayShrink?: boolean;
  /** After so long without a question the thread is ended, and started anew for the next, which takes some 50 ms. Never if left out. */
  readonly restMs?: number;
  /** A module with a `makeStatements`, for `make`. */
  readonly maker?: URL;
}

export interface SqliteDatabase<DB> extends AsyncDisposable {
  readonly kysely: Kysely<DB>;
  /**
   * Runs the statements in one transaction and one message: all of them or none. Batches that are asked for at the
   * same time share one commit, and with it the wait for the disk.
   * @throws AffectedRowsError where a statement does not affect as many rows as it says
   */
  runBatch<const Statements extends readonly Statement[]>(
    statements: Statements,
    options?: BatchOptions,
  ): Promise<BatchResults<Statements>>;
  /** The same with the statements that the maker makes of the input in the thread, and nothing answered but that it is done. */
  make(input: unknown): Promise<void>;
  /** Gives back so many pages at most that nothing is in, where the file was made so that it can. */
  giveBack(pages: number): Promise<void>;
  /** Calls back after commits of this and of other processes. Only a hint. Returns the way to stop. */
  watch(hint: () => void): () => void;
  /** The same number again: nothing was committed between, by anybody. Undefined: that cannot be told now. Needs no thread, and no disk. */
  version(): number | undefined;
}

export interface BatchOptions {
  /** For statements that only read: all see the same moment, and nobody is kept from writing. */
  readonly readOnly?: boolean;
  /** A power cut may undo it, and the batches after it that may be lost too: nobody waits for the disk. The death of the process undoes nothing. */
  readonly mayBeLost?: boolean;
  /** It is no news to whoever watches, here or in other processes. */
  readonly isQuiet?: boolean;
}

export type BatchResults<Statements extends readonly Statement[]> = {
  readonly [Position in keyof Statements]: StatementResult<RowOf<Statements[Position]>>;
};

type RowOf<S> = S extends CompiledQuery<infer Row> ? Row : unknown;

/** Opens or creates the file and brings its schema up to date. */
export async function openSqlite<DB>(options: SqliteOptions): Promise<SqliteDatabase<DB>> {
  const { file, synchronous, migrations, busyTimeoutMs = 5000, writeBack, maker } = options;
  const { mayShrink = false, restMs } = options;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const threadOptions: ThreadOptions = {
    ...{ file, synchronous, busyTimeoutMs, mayShrink },
    ...(writeBack === undefined ? {} : { writeBack }),
    ...(maker === undefined ? {} : { maker: maker.href }),
  };
  const thread =
    restMs === undefined
      ? await ThreadClient.start(threadOptions)
      : await RestingThread.start(threadOptions, restMs);
  try {
    await migrate(thread, file, migrations);
  } catch (error) {
    await thread.close();
    throw error;
  }
  return createDatabase(file, thread);
}

function createDatabase<DB>(
  file: string,
  thread: ThreadClient | RestingThread,
): SqliteDatabase<DB> {
  const turns = new Turns();
  const watchers = new Watchers((on) => thread.watch(on));
  thread.onChanged = () => watchers.hint();
  if (thread instanceof RestingThread) thread.isBound = () => turns.isTaken;
  const versions = new VersionReader(file);
  thread.onAnswers = () => versions.forget();
  return {
    kysely: new Kysely<DB>({ dialect: createDialect(thread, turns) }),
    watch: (hint) => watchers.add(hint),
    version: () => versions.read(),
    async runBatch<const Statements extends readonly Statement[]>(
      statements: Statements,
      { readOnly = false, mayBeLost = false, isQuiet = false }: BatchOptions = {},
    ) {
      const given = statements.map(toStatement);
      const command = { kind: 'batch', statements: given, readOnly, mayBeLost, isQuiet } as const;
      const results = await turns.between(() => thread.send(command));
      return results as BatchResults<Statements>;
    },
    async giveBack(pages) {
      // Unlike a statement, a script is carried on until it has given back all of them.
      const sql = `PRAGMA incremental_vacuum(${Math.floor(pages)})`;
      await turns.between(() => thread.send({ kind: 'script', sql }));
    },
    async make(input) {
      await turns.between(() => thread.send({ kind: 'make', input }));
    },
    async [Symbol.asyncDispose]() {
      const ended = turns.close(new Error(`The database ${file} is closed`));
      versions.close();
      await Promise.race([ended, setTimeout(closeTimeoutMs, undefined, { ref: false })]);
      await thread.close();
    },
  };
}

/** A transaction that is still open after this is undone. */
const closeTimeoutMs = 10_000;
