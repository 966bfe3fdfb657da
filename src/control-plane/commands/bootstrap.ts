import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { hashSecret } from '../tokens/hash.ts';
import { ownScopes } from './identity.ts';

/** Makes the project and an API client with every scope of it. Again and again the same. */
export async function bootstrapProject(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  client: { readonly projectKey: string; readonly clientId: string; readonly clientSecret: string },
): Promise<void> {
  const now = clock.now();
  const project = await store.projects.get(client.projectKey);
  const known = await store.projects.client(client.clientId);
  await store.commit([
    {
      kind: 'put-project',
      project: project ?? { key: client.projectKey, productionEnabled: true, createdAt: now },
    },
    {
      kind: 'put-client',
      client: {
        id: client.clientId,
        projectKey: client.projectKey,
        name: 'bootstrap',
        scopes: ownScopes.map((scope) => `${scope}:${client.projectKey}`),
        secretHash: hashSecret(client.clientId, client.clientSecret),
        createdAt: known?.createdAt ?? now,
      },
    },
  ]);
}
