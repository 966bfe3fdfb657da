import { noBody, nothing, oneResource } from '../../../wire/parameters.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const getConnectorStagedRoute = defineRoute({
  method: 'GET',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: oneResource,
  query: nothing,
  body: noBody,
  async handle({ store }, { projectKey, params }) {
    const record = await readConnectorStaged(store, projectKey, params.ref);
    return { status: 200, body: await printOneStaged(store, record) };
  },
});
