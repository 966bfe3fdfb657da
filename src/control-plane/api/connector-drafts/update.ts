import { connectorStagedSchema } from '../../../wire/connector-staged.ts';
import { connectorUpdateSchema } from '../../../wire/connector-update.ts';
import { nothing, oneResource } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { updateConnectorStaged } from '../../commands/update-connector-staged.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';
import { waitForStaged } from './wait.ts';

export const updateConnectorStagedRoute = defineRoute({
  name: 'updateConnectorStaged',
  summary: 'Change, preview or publish a ConnectorStaged',
  method: 'POST',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors'],
  params: oneResource,
  query: nothing,
  body: connectorUpdateSchema,
  headers: waitHeaders,
  answers: { 201: connectorStagedSchema },
  async handle(deps, { projectKey, params, body, ...request }) {
    const read = () => readConnectorStaged(deps.store, projectKey, params.ref);
    const found = await updateConnectorStaged(deps, await read(), body);
    const waited = await waitForStaged(deps, request, { found, read, followed: false });
    return answerVersioned(201, await printOneStaged(deps.store, waited.record), waited.headers);
  },
});
