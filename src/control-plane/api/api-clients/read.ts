import { reject } from '../../../core/errors.ts';
import type { ApiClient, Store } from '../../../ports/store.ts';
import { printApiClient } from '../../../wire/api-client.ts';
import { printPage } from '../../../wire/page.ts';
import {
  inProject,
  noBody,
  nothing,
  oneApiClient,
  pageParameters,
} from '../../../wire/parameters.ts';
import { defineRoute } from '../route.ts';

export const queryApiClientsRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/api-clients',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: inProject,
  query: pageParameters,
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const { total, results } = await store.projects.clients(projectKey, query);
    return {
      status: 200,
      body: printPage({ total, results: results.map(printApiClient) }, query),
    };
  },
});

export const getApiClientRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/api-clients/:id',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: oneApiClient,
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
  params: oneApiClient,
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
