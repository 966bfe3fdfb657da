/** The form in which a sealed secret touches the disk: `v1.<kid>.<nonce>.<ciphertext>`, each part base64url. */
export interface SealedText {
  /** Names the key without telling anything of it. */
  readonly kid: string;
  readonly nonce: Buffer;
  /** Ends with the authentication tag. */
  readonly ciphertext: Buffer;
}

export const nonceBytes = 12;
export const tagBytes = 16;

export function printSealedText({ kid, nonce, ciphertext }: SealedText): string {
  return ['v1', kid, nonce.toString('base64url'), ciphertext.toString('base64url')].join('.');
}

/** Undefined for everything that `printSealedText` cannot have written, down to the unused bits of base64. */
export function parseSealedText(text: string): SealedText | undefined {
  const [version, kid, nonceText, ciphertextText, ...rest] = text.split('.', 5);
  if (version !== 'v1' || kid === undefined || rest.length > 0) return undefined;
  const nonce = decode(nonceText);
  const ciphertext = decode(ciphertextText);
  if (nonce?.length !== nonceBytes || ciphertext === undefined) return undefined;
  return ciphertext.length < tagBytes ? undefined : { kid, nonce, ciphertext };
}

function decode(text: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(text ?? '', 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
