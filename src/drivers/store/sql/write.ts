import type { Compilable } from 'kysely';

/** A statement of a commit. `expects` names the record that must still be as it was read. */
export interface Write {
  readonly query: Compilable;
  readonly expects?: {
    readonly kind: 'version' | 'fence' | 'no-cancel' | 'no-answer';
    readonly id: string;
  };
}
