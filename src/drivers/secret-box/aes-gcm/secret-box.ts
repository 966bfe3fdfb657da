import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import type { AnswerBox, Digester, Opener, Sealer } from '../../../ports/secret-box.ts';
import { answerBox } from './answers.ts';
import { altered, decrypt, encrypt, notSealed } from './cipher.ts';
import { digestKey, digestSecret } from './digest.ts';
import { keyBytes, parseKey, readOrCreateKey } from './key.ts';
import { keyId } from './key-id.ts';
import { type KeyPair, keyPairOf, newSharedKey, sharedKeyOf } from './key-pair.ts';
import { parseSealedText, printSealedText, printUnmarked, type SealedText } from './sealed-text.ts';
import { isVersionOne, openVersionOne } from './version-one.ts';

export type SecretBox = Sealer & Opener & Digester & { readonly answers: AnswerBox };

/** The box whose key lies in a file, made at the first start. */
export async function openSecretBox(options: { readonly keyFile: string }): Promise<SecretBox> {
  return secretBoxFromKey(await readOrCreateKey(options.keyFile));
}

/** The box of a key that comes from elsewhere: 32 bytes, or their base64. */
export function secretBoxFromKey(given: Buffer | string): SecretBox {
  const key =
    typeof given === 'string' ? parseKey(given, 'The key of the secret box') : Buffer.from(given);
  if (key.length !== keyBytes) throw new Failure(`The secret box needs a key of ${keyBytes} bytes`);
  const pair = keyPairOf(key);
  const names = { kid: keyId(key), digesting: digestKey(key) };
  const { publicKey } = pair;
  return {
    seal: (plain, context) => seal({ ...names, publicKey }, plain, context),
    open: (sealed, context) =>
      isVersionOne(sealed)
        ? openFirst({ ...names, key }, sealed, context)
        : open({ ...names, pair }, sealed, context),
    digest: (plain, place) => digestSecret(names.digesting, plain, place),
    digestSealed: (sealed, context, place) => digestSealed(names, { sealed, context, place }),
    answers: answerBox(key),
  };
}

/** What answers requests gets of a box: objects of their own, behind which there is no way to open a secret. */
export function closedHalf({ seal, digest, digestSealed, answers }: SecretBox) {
  return { sealer: { seal }, digester: { digest, digestSealed }, answers };
}

interface Names {
  readonly kid: string;
  readonly digesting: Buffer;
}

function seal(
  { kid, digesting, publicKey }: Names & { readonly publicKey: KeyObject },
  plain: string,
  context: string,
): string {
  const { key, ephemeral } = newSharedKey(publicKey);
  const encrypted = encrypt(key, plain, boundData(kid, context));
  const digest = keyedDigest(digesting, 'secret', context, plain);
  const unmarked = { kid, ephemeral, ...encrypted, digest };
  return printSealedText({ ...unmarked, mark: markOf(digesting, unmarked, context) });
}

function open(
  { pair, ...names }: Names & { readonly pair: KeyPair },
  text: string,
  context: string,
): string {
  const sealed = parseMarked(names, text, context);
  const key = sharedKeyOf(pair, sealed.ephemeral);
  return decrypt(key, sealed, boundData(sealed.kid, context));
}

function openFirst(
  { kid, key }: Names & { readonly key: Buffer },
  text: string,
  context: string,
): string {
  requireKey(text.split('.', 2)[1] ?? '', kid);
  return openVersionOne(key, text, context);
}

interface Digested {
  readonly sealed: string;
  readonly context: string;
  readonly place: string;
}

/** Of the first version only its text: it holds no digest, and is another text when the value is set again. */
function digestSealed(names: Names, { sealed, context, place }: Digested): string {
  if (isVersionOne(sealed)) {
    requireKey(sealed.split('.', 2)[1] ?? '', names.kid);
    return digestSecret(names.digesting, sealed, place);
  }
  const { digest } = parseMarked(names, sealed, context);
  return digestSecret(names.digesting, digest.toString('base64url'), place);
}

/** @throws Failure where another box sealed it, for another context, or it was altered */
function parseMarked({ kid, digesting }: Names, text: string, context: string): SealedText {
  const sealed = parseSealedText(text);
  if (sealed === undefined) throw notSealed();
  requireKey(sealed.kid, kid);
  if (!timingSafeEqual(sealed.mark, markOf(digesting, sealed, context))) throw altered();
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
function boundData(kid: string, context: string): string {
  return `v2.${kid}.${context}`;
}

function requireKey(theirs: string, ours: string): void {
  if (theirs === ours) return;
  const shown = /^[\w-]{8}$/.test(theirs) ? `'${theirs}'` : 'another name';
  throw new Failure(`The secret was sealed with key ${shown}, but this secret box has '${ours}'`, {
    nextStep: 'Put back the key file that belongs to this data directory.',
  });
}
