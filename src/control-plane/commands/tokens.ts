import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient, Store } from '../../ports/store.ts';
import { hashSecret, hashToken } from '../tokens/hash.ts';
import type { Identity } from './identity.ts';

/** Contract §8.1: seconds that a token lives at commercetools. */
export const tokenLifetimeSeconds = 172_800;

export async function authenticateClient(
  store: Store,
  clientId: string,
  secret: string,
): Promise<ApiClient | undefined> {
  const client = await store.projects.client(clientId);
  const given = Buffer.from(hashSecret(clientId, secret));
  // An unknown client costs the same comparison as a wrong secret.
  const expected = Buffer.from(client?.secretHash ?? hashSecret(clientId, 'no such client'));
  return timingSafeEqual(given, expected) ? client : undefined;
}

export async function issueToken(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  client: ApiClient,
  scopes: readonly string[],
): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  await store.commit([
    {
      kind: 'put-token',
      token: {
        hash: hashToken(token),
        clientId: client.id,
        projectKey: client.projectKey,
        scopes,
        expiresAt: clock.now() + tokenLifetimeSeconds * 1000,
      },
    },
  ]);
  return token;
}

export async function identify(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  token: string,
): Promise<(Identity & { readonly expiresAt: number }) | undefined> {
  const found = await store.projects.token(hashToken(token));
  return found !== undefined && found.expiresAt > clock.now() ? found : undefined;
}
