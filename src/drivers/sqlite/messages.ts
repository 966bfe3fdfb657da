/** What the caller's event loop and the database thread say to each other. */
export type Request = Command & { readonly id: number };

export type Command =
  /** One statement, in the transaction that is open or in one of its own. */
  | { readonly kind: 'run'; readonly statement: Statement }
  /** All statements in one transaction, or none of them. */
  | {
      readonly kind: 'batch';
      readonly statements: readonly Statement[];
      readonly readOnly: boolean;
      /** It survives the death of the process; a power cut only with whatever is committed after it that has to. */
      readonly mayBeLost: boolean;
      /** Nobody is told of it. */
      readonly isQuiet: boolean;
    }
  /** A batch whose statements the thread makes of what it is given, with the module that it was started with. */
  | { readonly kind: 'make'; readonly input: unknown }
  /** Unlike the statement of this name it succeeds where SQLite has undone the transaction by itself. */
  | { readonly kind: 'rollback' }
  /** Several statements in one text, without parameters. */
  | { readonly kind: 'script'; readonly sql: string }
  | { readonly kind: 'watch'; readonly on: boolean }
  | { readonly kind: 'close' };

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** The batch is undone unless the statement changes (or returns) exactly this many rows. */
  readonly affects?: number;
}

export interface StatementResult<Row = unknown> {
  readonly rows: Row[];
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** Answers to everything that was done since the last message. */
export interface Answers {
  readonly replies: readonly Reply[];
  /** True where this or another connection has committed a change. */
  readonly changed: boolean;
}

export type Reply =
  | { readonly id: number; readonly results: readonly StatementResult[] }
  | { readonly id: number; readonly error: ErrorFacts };

/** An error without its class, which does not survive the way between threads. */
export interface ErrorFacts {
  readonly message: string;
  /** SQLite's extended result code, where the error is SQLite's. */
  readonly errcode?: number;
  readonly affected?: { readonly statement: number; readonly rows: number };
}

/** In pages of the write-ahead log. */
export interface WriteBack {
  /** From so many on in a quiet moment. */
  readonly quiet: number;
  /** At so many at once, and whoever has written them waits. */
  readonly most: number;
}

export interface ThreadOptions {
  readonly file: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly busyTimeoutMs: number;
  /** A new file can give pages back to the disk. */
  readonly mayShrink: boolean;
  /** When the write-ahead log is written back. SQLite's own choice if left out. */
  readonly writeBack?: WriteBack;
  /** URL of a module with a `makeStatements`: work that would hold up the caller's event loop. */
  readonly maker?: string;
}

/** What such a module exports. */
export interface StatementMaker {
  /** Before the transaction in which they run. `file` is the database's. */
  readonly makeStatements: (input: unknown, file: string) => MadeStatements;
}

export interface MadeStatements {
  readonly statements: readonly Statement[];
  /** Takes back what was done beside the database: they are not committed. Never throws. */
  undo(): void;
}
