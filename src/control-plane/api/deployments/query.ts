import { deploymentPageSchema } from '../../../wire/deployment.ts';
import { printPage } from '../../../wire/page.ts';
import { deploymentsParameters, inProject, noBody } from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';
import { printDeployments } from './print.ts';

export const queryDeploymentsRoute = defineRoute({
  name: 'queryDeployments',
  summary: 'List the Deployments of the project',
  method: 'GET',
  path: '/:projectKey/deployments',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: inProject,
  query: deploymentsParameters,
  body: noBody,
  answers: { 200: deploymentPageSchema },
  async handle(deps, { projectKey, query }) {
    const { deploymentType, ...page } = query;
    const found = await deps.store.deployments.query(projectKey, {
      ...page,
      ...(deploymentType === undefined ? {} : { type: deploymentType }),
    });
    const results = await printDeployments(deps, found.results);
    return answer(200, printPage({ total: found.total, results }, query));
  },
});
