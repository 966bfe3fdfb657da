import { hash, randomBytes } from 'node:crypto';

/** Secrets are random and long, so a plain hash keeps them; the client's id keeps equal ones apart. */
export function hashSecret(clientId: string, secret: string): string {
  return hash('sha256', `${clientId}:${secret}`, 'hex');
}

export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
