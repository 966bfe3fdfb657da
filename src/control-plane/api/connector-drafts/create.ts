import { connectorDraftSchema } from '../../../wire/connector-staged.ts';
import { nothing } from '../../../wire/parameters.ts';
import { createConnectorStaged } from '../../commands/create-connector-staged.ts';
import { defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const createConnectorStagedRoute = defineRoute({
  method: 'POST',
  path: '/connectors/drafts',
  scopes: ['manage_project', 'manage_connectors'],
  params: nothing,
  query: nothing,
  body: connectorDraftSchema,
  async handle(deps, { projectKey, body }) {
    const record = await createConnectorStaged(deps, projectKey, body);
    return { status: 201, body: await printOneStaged(deps.store, record) };
  },
});
