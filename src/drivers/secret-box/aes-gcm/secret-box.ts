import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import type { Digester, Opener, Sealer } from '../../../ports/secret-box.ts';
import { digestKey, digestSecret } from './digest.ts';
import { keyBytes, parseKey, readOrCreateKey } from './key.ts';
import { keyId } from './key-id.ts';
import { nonceBytes, parseSealedText, printSealedText, tagBytes } from './sealed-text.ts';

export type SecretBox = Sealer & Opener & Digester;

/** The box whose key lies in a file, made at the first start. */
export async function openSecretBox(options: { readonly keyFile: string }): Promise<SecretBox> {
  return secretBoxFromKey(await readOrCreateKey(options.keyFile));
}

/** The box of a key that comes from elsewhere: 32 bytes, or their base64. */
export function secretBoxFromKey(given: Buffer | string): SecretBox {
  const key =
    typeof given === 'string' ? parseKey(given, 'The key of the secret box') : Buffer.from(given);
  if (key.length !== keyBytes) throw new Failure(`The secret box needs a key of ${keyBytes} bytes`);
  const kid = keyId(key);
  const digesting = digestKey(key);
  return {
    seal: (plain, context) => seal({ key, kid }, plain, context),
    open: (sealed, context) => open({ key, kid }, sealed, context),
    digest: (plain, place) => digestSecret(digesting, plain, place),
    digestSealed: (sealed, context, place) =>
      digestSecret(digesting, open({ key, kid }, sealed, context), place),
  };
}

interface NamedKey {
  readonly key: Buffer;
  readonly kid: string;
}

function seal({ key, kid }: NamedKey, plain: string, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(boundData(kid, context));
  const ciphertext = Buffer.concat([
    cipher.update(plain, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return printSealedText({ kid, nonce, ciphertext });
}

function open({ key, kid }: NamedKey, text: string, context: string): string {
  const sealed = parseSealedText(text);
  if (sealed === undefined) throw new Failure('This is not a sealed secret', restoreBackup);
  if (sealed.kid !== kid) throw sealedWithOtherKey(sealed.kid, kid);
  const tag = sealed.ciphertext.subarray(-tagBytes);
  const decipher = createDecipheriv(algorithm, key, sealed.nonce, { authTagLength: tagBytes })
    .setAAD(boundData(kid, context))
    .setAuthTag(tag);
  const plain = decipher.update(sealed.ciphertext.subarray(0, -tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch {
    // The library says no more than that the tag differs, and what it decrypted must not be told.
    throw new Failure(`The secret of '${context}' was altered or belongs elsewhere`, restoreBackup);
  }
}

const algorithm = 'aes-256-gcm';

const restoreBackup = {
  nextStep: 'Set the value again, or restore the data directory from a backup.',
} as const;

/** What the ciphertext is bound to besides the key. The parts before the context cannot hold a dot. */
function boundData(kid: string, context: string): Buffer {
  return Buffer.from(`v1.${kid}.${context}`, 'utf8');
}

function sealedWithOtherKey(theirs: string, ours: string): Failure {
  const shown = /^[\w-]{8}$/.test(theirs) ? `'${theirs}'` : 'another name';
  return new Failure(`The secret was sealed with key ${shown}, but this secret box has '${ours}'`, {
    nextStep: 'Put back the key file that belongs to this data directory.',
  });
}
