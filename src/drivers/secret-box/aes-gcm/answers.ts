import { hkdfSync } from 'node:crypto';
import type { AnswerBox, AnswerOf } from '../../../ports/secret-box.ts';
import { decrypt, encrypt, notSealed } from './cipher.ts';
import { keyBytes } from './key.ts';
import type { MasterKeys } from './master-key.ts';
import { decodePart, nonceBytes, tagBytes } from './sealed-text.ts';
import { isVersionOne, openVersionOne } from './version-one.ts';

/**
 * Each answer has a key of its own, of the box's and the request's.
 * @param ownKey stays the same when the master key is exchanged, so that answers that are kept still open
 */
export function answerBox(ownKey: Buffer, masters: MasterKeys): AnswerBox {
  const own = keyFor(ownKey);
  return {
    seal(plain, of) {
      const { nonce, ciphertext } = encrypt(answerKey(own, of), plain, contextOf(of));
      return ['a2', nonce.toString('base64url'), ciphertext.toString('base64url')].join('.');
    },
    open(sealed, of) {
      if (isVersionOne(sealed)) return openVersionOne(masters, sealed, contextOf(of));
      const [version, encrypted] = parse(sealed);
      if (version === 'a2') return decrypt(answerKey(own, of), encrypted, contextOf(of));
      return openOlder(masters, (key) => decrypt(answerKey(key, of), encrypted, contextOf(of)));
    },
  };
}

/** It does not say with which master key it was sealed. */
function openOlder(masters: MasterKeys, open: (key: Buffer) => string): string {
  const [last, ...others] = masters
    .all()
    .map(({ bytes }) => keyFor(bytes))
    .toReversed();
  for (const key of others) {
    try {
      return open(key);
    } catch {
      // Of another key, then.
    }
  }
  if (last === undefined) throw notSealed();
  return open(last);
}

function keyFor(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'berth kept answers', keyBytes));
}

function answerKey(own: Buffer, { key }: AnswerOf): Buffer {
  const salt = Buffer.from(key, 'utf8');
  return Buffer.from(hkdfSync('sha256', own, salt, 'berth kept answer', keyBytes));
}

/** No secured value is sealed for such a context, so that none opens here, whatever its version. */
function contextOf({ id }: AnswerOf): string {
  return `kept-answer/${id}`;
}

/** `a1` was sealed with a key that comes from the master key. */
function parse(text: string) {
  const [version, nonceText, ciphertextText, ...rest] = text.split('.', 4);
  const nonce = decodePart(nonceText);
  const ciphertext = decodePart(ciphertextText);
  if ((version !== 'a1' && version !== 'a2') || rest.length > 0) throw notSealed();
  if (nonce?.length !== nonceBytes) throw notSealed();
  if (ciphertext === undefined || ciphertext.length < tagBytes) throw notSealed();
  return [version, { nonce, ciphertext }] as const;
}
