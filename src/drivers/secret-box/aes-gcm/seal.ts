import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { altered, decrypt, encrypt, notSealed } from './cipher.ts';
import { type KeyPair, newSharedKey, sharedKeyOf } from './key-pair.ts';
import {
  parseSealedText,
  printSealedText,
  printUnmarked,
  type SealedText,
  type SealedVersion,
} from './sealed-text.ts';

/** What tells sealed texts of a key apart, without the key that opens them. */
export interface SealingNames {
  readonly version: SealedVersion;
  readonly kid: string;
  readonly digesting: Buffer;
}

export function sealText(
  { publicKey, ...names }: SealingNames & { readonly publicKey: KeyObject },
  plain: string,
  context: string,
): string {
  const { version, kid, digesting } = names;
  const { key, ephemeral } = newSharedKey(publicKey);
  const encrypted = encrypt(key, plain, boundData(names, context));
  const digest = keyedDigest(digesting, 'secret', context, plain);
  const unmarked = { version, kid, ephemeral, ...encrypted, digest };
  return printSealedText({ ...unmarked, mark: markOf(digesting, unmarked, context) });
}

/** @throws Failure where it was altered, or sealed for something else */
export function openText(
  { pair, ...names }: SealingNames & { readonly pair: KeyPair },
  text: string,
  context: string,
): string {
  const sealed = parseMarked(names, text, context);
  return decrypt(sharedKeyOf(pair, sealed.ephemeral), sealed, boundData(names, context));
}

/** @throws Failure where another key sealed it, for another context, or it was altered */
export function parseMarked(names: SealingNames, text: string, context: string): SealedText {
  const sealed = parseSealedText(text);
  if (sealed === undefined) throw notSealed();
  if (sealed.version !== names.version || sealed.kid !== names.kid) throw altered();
  if (!timingSafeEqual(sealed.mark, markOf(names.digesting, sealed, context))) throw altered();
  return sealed;
}

function markOf(digesting: Buffer, sealed: Omit<SealedText, 'mark'>, context: string): Buffer {
  return keyedDigest(digesting, 'mark', context, printUnmarked(sealed));
}

/** Lengths keep the parts apart, and the purpose keeps one kind of digest from passing for another. */
function keyedDigest(key: Buffer, purpose: string, ...parts: readonly string[]): Buffer {
  const digest = createHmac('sha256', key).update(`berth sealed text ${purpose}\0`);
  for (const part of parts) digest.update(`${Buffer.byteLength(part)}:`).update(part);
  return digest.digest();
}

/** What the ciphertext is bound to besides the key. The parts before the context cannot hold a dot. */
function boundData({ version, kid }: SealingNames, context: string): string {
  return `${version}.${kid}.${context}`;
}
