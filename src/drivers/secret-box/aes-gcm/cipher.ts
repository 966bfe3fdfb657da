import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import { nonceBytes, tagBytes } from './sealed-text.ts';

const algorithm = 'aes-256-gcm';

export interface Encrypted {
  readonly nonce: Buffer;
  /** Ends with the authentication tag. */
  readonly ciphertext: Buffer;
}

/**
 * @param bound what must be the same to decrypt it
 * @param nonce never the same for another text
 */
export function encrypt(
  key: Buffer,
  plain: string,
  bound: string,
  nonce: Buffer = randomBytes(nonceBytes),
): Encrypted {
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(bound, 'utf8'));
  const ciphertext = Buffer.concat([
    cipher.update(plain, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return { nonce, ciphertext };
}

/** @throws Failure where it was altered, or bound to something else */
export function decrypt(key: Buffer, { nonce, ciphertext }: Encrypted, bound: string): string {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(bound, 'utf8'))
    .setAuthTag(ciphertext.subarray(-tagBytes));
  const plain = decipher.update(ciphertext.subarray(0, -tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch {
    // The library says no more than that the tag differs, and what it decrypted must not be told.
    throw altered();
  }
}

export function altered(): Failure {
  return new Failure('A secret was altered or belongs elsewhere', restoreBackup);
}

export function notSealed(): Failure {
  return new Failure('This is not a sealed secret', restoreBackup);
}

export function keyIsGone(): Failure {
  return new Failure('The key that opens this secret is gone', restoreBackup);
}

const restoreBackup = {
  nextStep: 'Set the value again, or restore the data directory from a backup.',
} as const;
