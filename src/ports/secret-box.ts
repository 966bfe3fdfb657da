/** Turns a secret into text that may touch the disk. */
export interface Sealer {
  /** `context` names what the secret belongs to; it must be given again to open it. */
  seal(plain: string, context: string): string;
}

/** The other half, for what starts instances and runs scripts, and for answers that are kept for repeated requests. */
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
  /** Of what was sealed for `context`. @throws as `open` does */
  digestSealed(sealed: string, context: string, place: string): string;
}
