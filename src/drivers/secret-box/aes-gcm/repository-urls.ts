import { createHmac, hkdfSync } from 'node:crypto';
import { splitCredentials } from '../../../core/repository-url.ts';
import type { RepositoryBox } from '../../../ports/secret-box.ts';
import { decrypt, encrypt, notSealed } from './cipher.ts';
import { keyBytes } from './key.ts';
import { decodePart, nonceBytes, tagBytes } from './sealed-text.ts';

/** In place of the credentials, so that the rest of the URL is what it was. */
const mark = 'sealed-';

/** @param ownKey stays the same when the master key is exchanged, and opens no secured value */
export function repositoryBox(ownKey: Buffer): RepositoryBox {
  const keyFor = (purpose: string) =>
    Buffer.from(
      hkdfSync('sha256', ownKey, '', `berth repository credentials ${purpose}`, keyBytes),
    );
  const [key, nonces] = [keyFor('key'), keyFor('nonces')];
  return {
    seal(url) {
      const found = splitCredentials(url);
      if (found === undefined) return url;
      const { start, credentials, rest } = found;
      // Of the URL itself: the same one is sealed the same, so that whoever sets it again has changed nothing.
      const nonce = createHmac('sha256', nonces).update(url).digest().subarray(0, nonceBytes);
      const { ciphertext } = encrypt(key, credentials, `${start}@${rest}`, nonce);
      return `${start}${mark}${Buffer.concat([nonce, ciphertext]).toString('base64url')}@${rest}`;
    },
    open(url) {
      const found = splitCredentials(url);
      // Plain, as they were kept at first.
      if (found === undefined || !found.credentials.startsWith(mark)) return url;
      const { start, credentials, rest } = found;
      const bytes = decodePart(credentials.slice(mark.length));
      if (bytes === undefined || bytes.length < nonceBytes + tagBytes) throw notSealed();
      const sealed = {
        nonce: bytes.subarray(0, nonceBytes),
        ciphertext: bytes.subarray(nonceBytes),
      };
      return `${start}${decrypt(key, sealed, `${start}@${rest}`)}@${rest}`;
    },
  };
}
