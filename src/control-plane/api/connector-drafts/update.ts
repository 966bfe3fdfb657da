import { connectorStagedSchema, connectorUpdateSchema } from '../../../wire/connector-staged.ts';
import { nothing, oneResource } from '../../../wire/parameters.ts';
import { updateConnectorStaged } from '../../commands/update-connector-staged.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const updateConnectorStagedRoute = defineRoute({
  name: 'updateConnectorStaged',
  summary: 'Change, preview or publish a ConnectorStaged',
  method: 'POST',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors'],
  params: oneResource,
  query: nothing,
  body: connectorUpdateSchema,
  answers: { 201: connectorStagedSchema },
  async handle(deps, { projectKey, params, body }) {
    const staged = await readConnectorStaged(deps.store, projectKey, params.ref);
    const updated = await updateConnectorStaged(deps, staged, body);
    return answer(201, await printOneStaged(deps.store, updated));
  },
});
