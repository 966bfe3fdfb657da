import { createHash } from 'node:crypto';
import { readKey } from './key.ts';

/** A key's name must tell which key it was and nothing else, so it is a digest with a purpose of its own. */
export function keyId(key: Buffer): string {
  return createHash('sha256')
    .update('berth secret box key id\0')
    .update(key)
    .digest('base64url')
    .slice(0, 8);
}

/** Of the key in this file; undefined where there is no such file. @throws Failure where it cannot be used */
export async function readKeyId(file: string): Promise<string | undefined> {
  const key = await readKey(file);
  return key && keyId(key);
}
