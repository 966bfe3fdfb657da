import type { Compilable, Kysely } from 'kysely';
import type { Change } from '../../../ports/store.ts';
import type { SqlDialect } from './dialect.ts';
import type { Schema } from './schema.ts';

/** A statement of a commit. `expects` names the record that must still be as it was read. */
export interface Write {
  readonly query: Compilable;
  readonly expects?: {
    readonly kind: 'version' | 'fence' | 'no-cancel' | 'no-answer' | 'master-key';
    readonly id: string;
  };
}

/** What makes a change true. */
export type Writer<C extends Change> = (
  db: Kysely<Schema>,
  change: C,
  dialect: SqlDialect,
) => readonly Write[];

export function one(query: Compilable): readonly Write[] {
  return [{ query }];
}
