import { printPage } from '../../../wire/page.ts';
import { deploymentsParameters, inProject, noBody } from '../../../wire/parameters.ts';
import { defineRoute } from '../route.ts';
import { printDeployments } from './print.ts';

export const queryDeploymentsRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/deployments',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: inProject,
  query: deploymentsParameters,
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const { deploymentType, ...page } = query;
    const found = await store.deployments.query(projectKey, {
      ...page,
      ...(deploymentType === undefined ? {} : { type: deploymentType }),
    });
    const results = await printDeployments(store, found.results);
    return { status: 200, body: printPage({ total: found.total, results }, query) };
  },
});
