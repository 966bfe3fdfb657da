import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import type { SealingKey } from '../../../core/sealing-key.ts';
import { altered, decrypt, encrypt } from './cipher.ts';
import { keyBytes } from './key.ts';
import { importPair, importPublicKey, privateBytesOf, publicBytesOf } from './key-pair.ts';
import type { MasterKey, MasterKeys } from './master-key.ts';
import { openText, type SealingNames, sealText } from './seal.ts';
import { decodePart, nonceBytes, tagBytes } from './sealed-text.ts';

/** Its private half is forgotten here: only the master key gives it back. */
export function newOwnerKey(owner: string, master: MasterKey): SealingKey {
  const pair = generateKeyPairSync('x25519');
  const publicBytes = publicBytesOf(pair.publicKey);
  const id = createHash('sha256')
    .update('berth owner key id\0')
    .update(publicBytes)
    .digest('base64url')
    .slice(0, 8);
  return wrap(
    { owner, id, publicKey: publicBytes.toString('base64url') },
    { privateBytes: privateBytesOf(pair.privateKey), digesting: randomBytes(keyBytes) },
    master,
  );
}

/** The same key, sealed with another master key. */
export function rewrapOwnerKey(
  key: SealingKey,
  masters: MasterKeys,
  newMasterKeyId: string,
): SealingKey {
  const from = masters.find(key.masterKeyId);
  const { owner, id, publicKey } = key;
  const secret = { privateBytes: unwrapPrivate(key, from), digesting: unwrapDigest(key, from) };
  return wrap({ owner, id, publicKey }, secret, masters.find(newMasterKeyId));
}

/** For sealing and telling apart. Nothing of it opens a secret. */
export function sealingNamesOf(key: SealingKey, masters: MasterKeys): SealingNames {
  const digesting = unwrapDigest(key, masters.find(key.masterKeyId));
  return { version: 'v3', kid: key.id, digesting };
}

export function publicKeyOf(key: SealingKey) {
  return importPublicKey(exactly(decodePart(key.publicKey)));
}

/** For opening. */
export function pairOf(key: SealingKey, masters: MasterKeys) {
  return importPair(unwrapPrivate(key, masters.find(key.masterKeyId)));
}

interface Named {
  readonly owner: string;
  readonly id: string;
  readonly publicKey: string;
}

function wrap(
  named: Named,
  secret: { readonly privateBytes: Buffer; readonly digesting: Buffer },
  master: MasterKey,
): SealingKey {
  const { nonce, ciphertext } = encrypt(
    master.wrapping,
    secret.digesting.toString('base64'),
    contextOf('digest-key', named),
  );
  return {
    ...named,
    masterKeyId: master.kid,
    wrappedPrivateKey: sealText(
      { ...master, publicKey: master.pair.publicKey },
      secret.privateBytes.toString('base64'),
      contextOf('private-key', named),
    ),
    wrappedDigestKey: ['k1', nonce.toString('base64url'), ciphertext.toString('base64url')].join(
      '.',
    ),
  };
}

function unwrapPrivate(key: SealingKey, master: MasterKey): Buffer {
  const text = openText(master, key.wrappedPrivateKey, contextOf('private-key', key));
  return exactly(Buffer.from(text, 'base64'));
}

function unwrapDigest(key: SealingKey, master: MasterKey): Buffer {
  const [version, nonceText, ciphertextText, ...rest] = key.wrappedDigestKey.split('.', 4);
  const nonce = decodePart(nonceText);
  const ciphertext = decodePart(ciphertextText);
  if (version !== 'k1' || rest.length > 0 || nonce?.length !== nonceBytes) throw altered();
  if (ciphertext === undefined || ciphertext.length < tagBytes) throw altered();
  const text = decrypt(master.wrapping, { nonce, ciphertext }, contextOf('digest-key', key));
  return exactly(Buffer.from(text, 'base64'));
}

/** So that no key passes for another owner's, nor for another kind. */
function contextOf(kind: 'private-key' | 'digest-key', { owner, id, publicKey }: Named): string {
  return `${kind}/${owner}/${id}/${publicKey}`;
}

function exactly(bytes: Buffer | undefined): Buffer {
  if (bytes?.length === keyBytes) return bytes;
  throw new Failure('A key in the records was altered', {
    nextStep: 'Restore the data directory from a backup.',
  });
}
