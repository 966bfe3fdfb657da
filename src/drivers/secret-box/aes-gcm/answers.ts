import { hkdfSync } from 'node:crypto';
import type { AnswerBox, AnswerOf } from '../../../ports/secret-box.ts';
import { decrypt, encrypt, notSealed } from './cipher.ts';
import { keyBytes } from './key.ts';
import { decodePart, nonceBytes, tagBytes } from './sealed-text.ts';
import { isVersionOne, openVersionOne } from './version-one.ts';

/** Each answer has a key of its own, of this box's and the request's. */
export function answerBox(masterKey: Buffer): AnswerBox {
  const own = Buffer.from(hkdfSync('sha256', masterKey, '', 'berth kept answers', keyBytes));
  const keyOf = ({ key }: AnswerOf): Buffer =>
    Buffer.from(hkdfSync('sha256', own, Buffer.from(key, 'utf8'), 'berth kept answer', keyBytes));
  return {
    seal(plain, of) {
      const { nonce, ciphertext } = encrypt(keyOf(of), plain, contextOf(of));
      return ['a1', nonce.toString('base64url'), ciphertext.toString('base64url')].join('.');
    },
    open(sealed, of) {
      if (isVersionOne(sealed)) return openVersionOne(masterKey, sealed, contextOf(of));
      return decrypt(keyOf(of), parse(sealed), contextOf(of));
    },
  };
}

/** No secured value is sealed for such a context, so that none opens here, whatever its version. */
function contextOf({ id }: AnswerOf): string {
  return `kept-answer/${id}`;
}

function parse(text: string) {
  const [version, nonceText, ciphertextText, ...rest] = text.split('.', 4);
  const nonce = decodePart(nonceText);
  const ciphertext = decodePart(ciphertextText);
  if (version !== 'a1' || rest.length > 0 || nonce?.length !== nonceBytes) throw notSealed();
  if (ciphertext === undefined || ciphertext.length < tagBytes) throw notSealed();
  return { nonce, ciphertext };
}
