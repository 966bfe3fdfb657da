import { printPage } from '../../../wire/page.ts';
import { noBody, nothing, stagedParameters } from '../../../wire/parameters.ts';
import { defineRoute } from '../route.ts';
import { printStaged } from './print.ts';

export const queryConnectorStagedRoute = defineRoute({
  method: 'GET',
  path: '/connectors/drafts',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: nothing,
  query: stagedParameters,
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const found = await store.connectors.queryStaged(projectKey, query);
    const results = await printStaged(store, found.results);
    return { status: 200, body: printPage({ total: found.total, results }, query) };
  },
});
