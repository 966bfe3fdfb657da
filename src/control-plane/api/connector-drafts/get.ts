import { connectorStagedSchema } from '../../../wire/connector-staged.ts';
import { noBody, nothing, oneResource } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';
import { waitForStaged } from './wait.ts';

export const getConnectorStagedRoute = defineRoute({
  name: 'getConnectorStaged',
  summary: 'Get a ConnectorStaged',
  method: 'GET',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: oneResource,
  query: nothing,
  body: noBody,
  headers: waitHeaders,
  answers: { 200: connectorStagedSchema },
  async handle(deps, { projectKey, params, ...request }) {
    const read = () => readConnectorStaged(deps.store, projectKey, params.ref);
    const found = await read();
    const { record, headers } = await waitForStaged(deps, request, { found, read, followed: true });
    return answerVersioned(200, await printOneStaged(deps.store, record), headers);
  },
});
