import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { keyBytes } from './key.ts';

/** In DER a key of X25519 is this and its 32 bytes: RFC 8410. */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function keyPairOf(masterKey: Buffer): KeyPair {
  const seed = Buffer.from(hkdfSync('sha256', masterKey, '', 'berth secret box x25519', keyBytes));
  const der = Buffer.concat([privatePrefix, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A key for one secret, and what whoever has the private key needs to find it again. */
export function newSharedKey(publicKey: KeyObject): { key: Buffer; ephemeral: Buffer } {
  const own = generateKeyPairSync('x25519');
  const ephemeral = bytesOf(own.publicKey);
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey });
  return { key: deriveKey(secret, ephemeral, publicKey), ephemeral };
}

/** @throws where the bytes are no public key that X25519 takes */
export function sharedKeyOf({ privateKey, publicKey }: KeyPair, ephemeral: Buffer): Buffer {
  const der = Buffer.concat([publicPrefix, ephemeral]);
  const theirs = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return deriveKey(diffieHellman({ privateKey, publicKey: theirs }), ephemeral, publicKey);
}

/** Both public keys go in, because X25519 has several spellings of the same one. */
function deriveKey(secret: Buffer, ephemeral: Buffer, publicKey: KeyObject): Buffer {
  const salt = Buffer.concat([ephemeral, bytesOf(publicKey)]);
  return Buffer.from(hkdfSync('sha256', secret, salt, 'berth secret box v2', keyBytes));
}

function bytesOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}
