import type { SealingKey } from '../core/sealing-key.ts';

/** Turns a secret into text that may touch the disk. Whoever has only this can never read one back. */
export interface Sealer {
  /** The master key that new keys are sealed with where the store names none yet. */
  readonly masterKeyId: string;
  /** @throws Failure where there is no such master key */
  newKey(owner: string, masterKeyId: string): SealingKey;
  /** `context` names what the secret belongs to; it must be given again to open it. */
  seal(plain: string, context: string, key: SealingKey): string;
}

/** The other half, for what starts instances and runs scripts. Nothing that answers requests is given one. */
export interface Opener {
  /**
   * @param key of the owner; what was sealed before owners had keys needs none
   * @throws where the text was not sealed with that key, for this context, or was altered
   */
  open(sealed: string, context: string, key: SealingKey | undefined): string;
}

/**
 * Tells whether a secret is the one it was, and nothing else of it: for records of what has changed. Without the key
 * nobody can try guesses, and equal secrets of different places have different digests.
 */
export interface Digester {
  digest(plain: string, place: string): string;
  /** Of what was sealed, without opening it. @throws as `open` does */
  digestSealed(sealed: SealedFor, place: string): string;
}

export interface SealedFor {
  readonly text: string;
  readonly context: string;
  readonly key: SealingKey | undefined;
}

/** Seals the credentials in the URL of a repository, and leaves the rest of it as it is. It opens nothing else. */
export interface RepositoryBox {
  /** A URL without credentials stays as it is. */
  seal(url: string): string;
  /** @throws where the credentials were not sealed by this box, for this repository, or were altered */
  open(url: string): string;
}

/** Seals answers for whoever sends the same request again. It opens no other secret. */
export interface AnswerBox {
  seal(plain: string, of: AnswerOf): string;
  /** @throws where the text is not the answer to this */
  open(sealed: string, of: AnswerOf): string;
}

export interface AnswerOf {
  readonly id: string;
  /** The `Idempotency-Key`. It is stored nowhere, so that the store and the key of the box are not enough. */
  readonly key: string;
}
