import type { SchemaChange } from '../core/schema-history.ts';

/** What one store holds at one moment, in a form that any engine with the same tables can take. The moment is held until it is disposed of. */
export interface Snapshot extends AsyncDisposable {
  /** Its schema's changes so far, oldest first. */
  readonly schema: readonly SchemaChange[];
  readonly tables: readonly SnapshotTable[];
}

export interface SnapshotTable {
  readonly name: string;
  readonly columns: readonly string[];
  rows(): Iterable<SnapshotRow> | AsyncIterable<SnapshotRow>;
}

/** In the order of the columns. */
export type SnapshotRow = readonly (string | number | null)[];

/** An empty store that is being filled from a snapshot. Disposing without `finish` leaves nothing of it, and so does a killed process where the store is outside. */
export interface SnapshotTarget extends AsyncDisposable {
  /** @throws Failure where there is no such table, with exactly these columns, in whatever order */
  openTable(
    name: string,
    columns: readonly string[],
  ): (rows: readonly SnapshotRow[]) => Promise<void>;
  /** Durable, and sound, when it resolves. */
  finish(): Promise<void>;
}

/** A store as backups see it. */
export interface SnapshotStore {
  /** What this version brings it to, oldest first. */
  readonly schema: readonly SchemaChange[];
  /** The table of a snapshot that says the highest number that each other one has given: the engine's own, with the columns name and seq. */
  readonly sequenceTable: string;
  /** What is in it when this resolves. @throws Failure where there is none */
  open(): Promise<Snapshot>;
  /** @throws Failure where this version does not know the schema, or where there is a store already */
  create(schema: readonly SchemaChange[]): Promise<SnapshotTarget>;
  /** @throws Failure where this version does not know the schema */
  checkSchema(schema: readonly SchemaChange[]): void;
}
