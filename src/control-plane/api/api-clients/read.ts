import { reject } from '../../../core/errors.ts';
import type { ApiClient, Store } from '../../../ports/store.ts';
import { apiClientPageSchema, apiClientSchema, printApiClient } from '../../../wire/api-client.ts';
import { printPage } from '../../../wire/page.ts';
import {
  inProject,
  noBody,
  nothing,
  oneApiClient,
  pageParameters,
} from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';

export const queryApiClientsRoute = defineRoute({
  name: 'queryApiClients',
  summary: 'List the API clients of the project',
  method: 'GET',
  path: '/:projectKey/api-clients',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: inProject,
  query: pageParameters,
  body: noBody,
  answers: { 200: apiClientPageSchema },
  async handle({ store }, { projectKey, query }) {
    const { total, results } = await store.projects.clients(projectKey, query);
    return answer(200, printPage({ total, results: results.map(printApiClient) }, query));
  },
});

export const getApiClientRoute = defineRoute({
  name: 'getApiClient',
  summary: 'Get an API client',
  method: 'GET',
  path: '/:projectKey/api-clients/:id',
  scopes: ['manage_api_clients', 'view_api_clients'],
  params: oneApiClient,
  query: nothing,
  body: noBody,
  answers: { 200: apiClientSchema },
  async handle({ store }, { projectKey, params }) {
    return answer(200, printApiClient(await readClient(store, projectKey, params.id)));
  },
});

export const removeApiClientRoute = defineRoute({
  name: 'deleteApiClient',
  summary: 'Delete an API client; its tokens end at once',
  method: 'DELETE',
  path: '/:projectKey/api-clients/:id',
  scopes: ['manage_api_clients'],
  params: oneApiClient,
  query: nothing,
  body: noBody,
  answers: { 200: apiClientSchema },
  async handle({ store }, { projectKey, params }) {
    const client = await readClient(store, projectKey, params.id);
    await store.commit([{ kind: 'delete-client', projectKey, id: client.id }]);
    return answer(200, printApiClient(client));
  },
});

async function readClient(store: Store, projectKey: string, id: string): Promise<ApiClient> {
  const client = await store.projects.client(id);
  if (client?.projectKey === projectKey) return client;
  return reject('ResourceNotFound', { resource: 'ApiClient', id });
}
