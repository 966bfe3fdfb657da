import { connectorStagedPageSchema } from '../../../wire/connector-staged.ts';
import { printPage } from '../../../wire/page.ts';
import { noBody, nothing, stagedParameters } from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';
import { printStaged } from './print.ts';

export const queryConnectorStagedRoute = defineRoute({
  name: 'queryConnectorStaged',
  summary: 'List the ConnectorStaged of the project',
  method: 'GET',
  path: '/connectors/drafts',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: nothing,
  query: stagedParameters,
  body: noBody,
  answers: { 200: connectorStagedPageSchema },
  async handle({ store }, { projectKey, query }) {
    const found = await store.connectors.queryStaged(projectKey, query);
    const results = await printStaged(store, found.results);
    return answer(200, printPage({ total: found.total, results }, query));
  },
});
