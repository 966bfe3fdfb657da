import type { RawBuilder } from 'kysely';

/** What the engines say in different words. Everything else of the store is the same SQL for both. */
export interface SqlDialect {
  /** Whether a list in the JSON text of the column `document` has one of the values; `path` leads to the list. */
  listHasAny(path: readonly string[], values: readonly string[]): RawBuilder<boolean>;
  /** The member of the JSON text of a column, as text. */
  textOf(column: string, member: string): RawBuilder<string>;
  /** A member of each object in a list in the JSON text of a column: `value` where `rows` stands behind the table. */
  membersOf(
    column: string,
    list: string,
    member: string,
  ): { readonly rows: RawBuilder<unknown>; readonly value: RawBuilder<string> };
  /** The rows of a JSON list of objects, as a table of these columns: one statement takes any number of them. */
  rowsOf(json: string, columns: Readonly<Record<string, 'text' | 'number'>>): RawBuilder<unknown>;
  /** Ends a select: nobody else changes its rows before the commit ends, and they are as they are then. */
  readonly forUpdate: RawBuilder<unknown>;
  /** Ends a select: two claims at the same moment do not take the same row. */
  readonly skipLocked: RawBuilder<unknown>;
}
