import { createHash, randomBytes } from 'node:crypto';

/** Secrets are random and long, so a plain hash keeps them; the client's id keeps equal ones apart. */
export function hashSecret(clientId: string, secret: string): string {
  return createHash('sha256').update(`${clientId}:${secret}`).digest('hex');
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
