import { createHmac, hkdfSync } from 'node:crypto';
import { keyBytes } from './key.ts';

/** A key of its own, so that no digest tells anything of the key that seals. */
export function digestKey(key: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'berth secret box digests', keyBytes));
}

/** Half of the digest: enough that two secrets never share one. */
const shownBytes = 16;

export function digestSecret(key: Buffer, plain: string, place: string): string {
  const digest = createHmac('sha256', key)
    // The length keeps the end of the place apart from the beginning of the secret.
    .update(`${Buffer.byteLength(place)}:${place}`)
    .update(plain)
    .digest();
  return `hmac-sha256:${digest.subarray(0, shownBytes).toString('hex')}`;
}
