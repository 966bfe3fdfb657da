import { z } from 'zod';
import { reject } from '../../../core/errors.ts';
import type { ApiClient, Store } from '../../../ports/store.ts';
import { printApiClient } from '../../../wire/api-client.ts';
import { pageQuery, printPage } from '../../../wire/page.ts';
import { projectKeySchema } from '../../../wire/parse.ts';
import { inProject, noBody, nothing } from '../parameters.ts';
import { defineRoute } from '../route.ts';

const oneClient = z.object({ projectKey: projectKeySchema, id: z.string().min(1).max(256) });

export const queryApiClientsRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/api-clients',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: inProject,
  query: z.object(pageQuery),
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const page = await store.projects.clients(projectKey, query);
    return { status: 200, body: printPage(page, query, printApiClient) };
  },
});

export const getApiClientRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/api-clients/:id',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: oneClient,
  query: nothing,
  body: noBody,
  async handle({ store }, { projectKey, params }) {
    return { status: 200, body: printApiClient(await readClient(store, projectKey, params.id)) };
  },
});

export const removeApiClientRoute = defineRoute({
  method: 'DELETE',
  path: '/:projectKey/api-clients/:id',
  scopes: ['manage_api_clients'],
  params: oneClient,
  query: nothing,
  body: noBody,
  async handle({ store }, { projectKey, params }) {
    const client = await readClient(store, projectKey, params.id);
    await store.commit([{ kind: 'delete-client', projectKey, id: client.id }]);
    return { status: 200, body: printApiClient(client) };
  },
});

async function readClient(store: Store, projectKey: string, id: string): Promise<ApiClient> {
  const client = await store.projects.client(id);
  if (client?.projectKey === projectKey) return client;
  return reject('ResourceNotFound', { resource: 'ApiClient', id });
}
