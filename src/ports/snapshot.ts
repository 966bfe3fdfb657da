/** What one store holds at one moment, in a form that any engine with the same tables can take. */
export interface Snapshot extends AsyncDisposable {
  /** Its schema's changes so far, oldest first. */
  readonly schema: readonly SchemaChange[];
  readonly tables: readonly SnapshotTable[];
}

export interface SchemaChange {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

export interface SnapshotTable {
  readonly name: string;
  readonly columns: readonly string[];
  rows(): Iterable<SnapshotRow> | AsyncIterable<SnapshotRow>;
}

/** In the order of the columns. */
export type SnapshotRow = readonly (string | number | null)[];

/** An empty store that is being filled from a snapshot. Disposing without `finish` leaves nothing of it. */
export interface SnapshotTarget extends AsyncDisposable {
  /** @throws Failure where there is no such table, with exactly these columns */
  openTable(
    name: string,
    columns: readonly string[],
  ): (rows: readonly SnapshotRow[]) => Promise<void>;
  /** Durable, and sound, when it resolves. */
  finish(): Promise<void>;
}

/** A store as backups see it. */
export interface SnapshotStore {
  /** What is in it when this resolves. @throws Failure where there is none */
  open(): Promise<Snapshot>;
  /** @throws Failure where this version does not know the schema, or where there is a store already */
  create(schema: readonly SchemaChange[]): Promise<SnapshotTarget>;
  /** @throws Failure where this version does not know the schema */
  checkSchema(schema: readonly SchemaChange[]): void;
}
