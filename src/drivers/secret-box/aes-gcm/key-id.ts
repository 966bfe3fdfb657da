import { createHash } from 'node:crypto';
import { readKeys } from './key.ts';

/** A key's name must tell which key it was and nothing else, so it is a digest with a purpose of its own. */
export function keyId(key: Buffer): string {
  return createHash('sha256')
    .update('berth secret box key id\0')
    .update(key)
    .digest('base64url')
    .slice(0, 8);
}

/** Of the keys in this file; undefined where there is no such file. @throws Failure where they cannot be used */
export function readKeyIds(file: string): readonly string[] | undefined {
  return readKeys(file)?.map(keyId);
}
