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
  return importPair(seed);
}

/** From the 32 bytes of the private key. */
export function importPair(privateBytes: Buffer): KeyPair {
  const der = Buffer.concat([privatePrefix, privateBytes]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** @throws where the bytes are no public key that X25519 takes */
export function importPublicKey(bytes: Buffer): KeyObject {
  const der = Buffer.concat([publicPrefix, bytes]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** A key for one secret, and what whoever has the private key needs to find it again. */
export function newSharedKey(publicKey: KeyObject): { key: Buffer; ephemeral: Buffer } {
  const own = generateKeyPairSync('x25519');
  const ephemeral = publicBytesOf(own.publicKey);
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey });
  return { key: deriveKey(secret, ephemeral, publicKey), ephemeral };
}

/** @throws where the bytes are no public key that X25519 takes */
export function sharedKeyOf({ privateKey, publicKey }: KeyPair, ephemeral: Buffer): Buffer {
  const secret = diffieHellman({ privateKey, publicKey: importPublicKey(ephemeral) });
  return deriveKey(secret, ephemeral, publicKey);
}

/** Both public keys go in, because X25519 has several spellings of the same one. */
function deriveKey(secret: Buffer, ephemeral: Buffer, publicKey: KeyObject): Buffer {
  const salt = Buffer.concat([ephemeral, publicBytesOf(publicKey)]);
  return Buffer.from(hkdfSync('sha256', secret, salt, 'berth secret box v2', keyBytes));
}

export function publicBytesOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

export function privateBytesOf(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length);
}
