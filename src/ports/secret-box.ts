/** Turns a secret into text that may touch the disk. Whoever has only this can never read one back. */
export interface Sealer {
  /** `context` names what the secret belongs to; it must be given again to open it. */
  seal(plain: string, context: string): string;
}

/** The other half, for what starts instances and runs scripts. Nothing that answers requests is given one. */
export interface Opener {
  /** @throws where the text was not sealed by this box, for this context, or was altered */
  open(sealed: string, context: string): string;
}

/**
 * Tells whether a secret is the one it was, and nothing else of it: for records of what has changed. Without the key
 * nobody can try guesses, and equal secrets of different places have different digests.
 */
export interface Digester {
  digest(plain: string, place: string): string;
  /** Of what was sealed for `context`, without opening it. @throws as `open` does */
  digestSealed(sealed: string, context: string, place: string): string;
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
