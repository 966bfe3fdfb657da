import { connectorDraftSchema, connectorStagedSchema } from '../../../wire/connector-staged.ts';
import { nothing } from '../../../wire/parameters.ts';
import { createConnectorStaged } from '../../commands/create-connector-staged.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOneStaged } from './print.ts';

export const createConnectorStagedRoute = defineRoute({
  name: 'createConnectorStaged',
  summary: 'Create a ConnectorStaged from a git repository',
  method: 'POST',
  path: '/connectors/drafts',
  scopes: ['manage_project', 'manage_connectors'],
  params: nothing,
  query: nothing,
  body: connectorDraftSchema,
  answers: { 201: connectorStagedSchema },
  async handle(deps, { projectKey, body }) {
    const record = await createConnectorStaged(deps, projectKey, body);
    return answerVersioned(201, await printOneStaged(deps.store, record));
  },
});
