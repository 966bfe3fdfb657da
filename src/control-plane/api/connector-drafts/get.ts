import { connectorStagedSchema } from '../../../wire/connector-staged.ts';
import { noBody, nothing, oneResource } from '../../../wire/parameters.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const getConnectorStagedRoute = defineRoute({
  name: 'getConnectorStaged',
  summary: 'Get a ConnectorStaged',
  method: 'GET',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: oneResource,
  query: nothing,
  body: noBody,
  answers: { 200: connectorStagedSchema },
  async handle({ store }, { projectKey, params }) {
    const record = await readConnectorStaged(store, projectKey, params.ref);
    return answer(200, await printOneStaged(store, record));
  },
});
