import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient, Store } from '../../ports/store.ts';
import type { TokenVerifier } from '../../ports/token-verifier.ts';
import { hashSecret, hashToken } from '../tokens/hash.ts';

/** The newest of a client that stay valid: who asks for one each time must not fill the store. */
const keptTokens = 1000;

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
  given: { readonly scopes: readonly string[]; readonly lifetimeSeconds: number },
): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  await store.commit([
    {
      kind: 'put-token',
      token: {
        hash: hashToken(token),
        clientId: client.id,
        projectKey: client.projectKey,
        scopes: given.scopes,
        expiresAt: clock.now() + given.lifetimeSeconds * 1000,
      },
      keep: keptTokens,
    },
  ]);
  return token;
}

/** So many are known by their text. */
const knownHashes = 1000;

/** Those that `issueToken` has made, of clients that are still there. */
export function ownTokens({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): TokenVerifier {
  /** Of tokens that were good, by the token: it comes with every request, and its hash is a twentieth of a small one. */
  const hashes = new Map<string, string>();
  return {
    async verify(token) {
      const hash = hashes.get(token) ?? hashToken(token);
      const found = await store.projects.token(hash);
      if (found === undefined || found.expiresAt <= clock.now()) return undefined;
      if (hashes.size >= knownHashes) hashes.clear();
      hashes.set(token, hash);
      const { clientId, projectKey, scopes, expiresAt } = found;
      return { clientId, projectKey, scopes, expiresAt };
    },
  };
}

/** The other issuer is asked only about tokens that Berth has not made. */
export function ownTokensOr(own: TokenVerifier, other: TokenVerifier): TokenVerifier {
  return {
    async verify(token) {
      const found = await own.verify(token);
      if (found !== undefined) return found;
      const foreign = await other.verify(token);
      return foreign === undefined ? undefined : { ...foreign, issuer: 'other' };
    },
  };
}
