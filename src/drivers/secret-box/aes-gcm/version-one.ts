import { decrypt, notSealed } from './cipher.ts';
import type { MasterKeys } from './master-key.ts';
import { decodePart, nonceBytes, tagBytes } from './sealed-text.ts';

/** What was sealed with the key itself, `v1.<kid>.<nonce>.<ciphertext>`: it is still opened, and no longer written. */
export function isVersionOne(text: string): boolean {
  return text.startsWith('v1.');
}

/** @throws Failure where it is none, was altered or was sealed for another context */
export function openVersionOne(masters: MasterKeys, text: string, context: string): string {
  const [, kid, nonceText, ciphertextText, ...rest] = text.split('.', 5);
  const { bytes } = masters.find(kid ?? '');
  const nonce = decodePart(nonceText);
  const ciphertext = decodePart(ciphertextText);
  if (rest.length > 0 || nonce?.length !== nonceBytes) throw notSealed();
  if (ciphertext === undefined || ciphertext.length < tagBytes) throw notSealed();
  return decrypt(bytes, { nonce, ciphertext }, `v1.${kid}.${context}`);
}
