import { conditionHeaders } from '../../../wire/conditions.ts';
import { connectorStagedSchema } from '../../../wire/connector-staged.ts';
import { noBody, nothing, oneResource } from '../../../wire/parameters.ts';
import { deleteConnectorStaged } from '../../commands/delete-connector-staged.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const removeConnectorStagedRoute = defineRoute({
  name: 'deleteConnectorStaged',
  summary: 'Delete a ConnectorStaged that nothing uses',
  method: 'DELETE',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors'],
  params: oneResource,
  query: nothing,
  body: noBody,
  headers: conditionHeaders,
  answers: { 200: connectorStagedSchema },
  async handle(deps, { projectKey, params, headers }) {
    const staged = await readConnectorStaged(deps.store, projectKey, params.ref);
    const body = await printOneStaged(deps.store, staged);
    await deleteConnectorStaged(deps, staged, headers['if-match']);
    return answer(200, body);
  },
});
