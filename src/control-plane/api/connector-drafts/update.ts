import { connectorUpdateSchema } from '../../../wire/connector-staged.ts';
import { nothing, oneResource } from '../../../wire/parameters.ts';
import { updateConnectorStaged } from '../../commands/update-connector-staged.ts';
import { readConnectorStaged } from '../read-or-reject.ts';
import { defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const updateConnectorStagedRoute = defineRoute({
  method: 'POST',
  path: '/connectors/drafts/:ref',
  scopes: ['manage_project', 'manage_connectors'],
  params: oneResource,
  query: nothing,
  body: connectorUpdateSchema,
  async handle(deps, { projectKey, params, body }) {
    const staged = await readConnectorStaged(deps.store, projectKey, params.ref);
    const updated = await updateConnectorStaged(deps, staged, body);
    return { status: 201, body: await printOneStaged(deps.store, updated) };
  },
});
