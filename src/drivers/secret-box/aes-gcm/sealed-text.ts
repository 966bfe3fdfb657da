/**
 * The form in which a sealed secret touches the disk, each part base64url:
 * `<version>.<kid>.<ephemeral public key>.<nonce>.<ciphertext>.<digest>.<mark>`.
 */
export interface SealedText {
  readonly version: SealedVersion;
  /** Names the key without telling anything of it. */
  readonly kid: string;
  readonly ephemeral: Buffer;
  readonly nonce: Buffer;
  /** Ends with the authentication tag. */
  readonly ciphertext: Buffer;
  /** Keyed, of the secret and its context. */
  readonly digest: Buffer;
  /** Keyed, of everything before it and the context: what cannot open can tell by it whether the text was altered. */
  readonly mark: Buffer;
}

/** `v2`: with a master key. `v3`: with the key of an owner. */
const versions = ['v2', 'v3'] as const;
export type SealedVersion = (typeof versions)[number];

export const nonceBytes = 12;
export const tagBytes = 16;
export const ephemeralBytes = 32;
export const digestBytes = 32;

/** What the mark is of. The parts cannot hold a dot. */
export function printUnmarked(sealed: Omit<SealedText, 'mark'>): string {
  const { version, kid, ephemeral, nonce, ciphertext, digest } = sealed;
  const parts = [ephemeral, nonce, ciphertext, digest].map((part) => part.toString('base64url'));
  return [version, kid, ...parts].join('.');
}

export function printSealedText(sealed: SealedText): string {
  return `${printUnmarked(sealed)}.${sealed.mark.toString('base64url')}`;
}

/** Undefined for everything that `printSealedText` cannot have written, down to the unused bits of base64. */
export function parseSealedText(text: string): SealedText | undefined {
  const [given, kid, ...rest] = text.split('.', 8);
  const version = versions.find((one) => one === given);
  if (version === undefined || kid === undefined || rest.length !== 5) return undefined;
  const [ephemeral, nonce, ciphertext, digest, mark] = rest.map(decodePart);
  if (ephemeral?.length !== ephemeralBytes || nonce?.length !== nonceBytes) return undefined;
  if (digest?.length !== digestBytes || mark?.length !== digestBytes) return undefined;
  if (ciphertext === undefined || ciphertext.length < tagBytes) return undefined;
  return { version, kid, ephemeral, nonce, ciphertext, digest, mark };
}

export function decodePart(text: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(text ?? '', 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
