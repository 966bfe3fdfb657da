import { deploymentSchema } from '../../../wire/deployment.ts';
import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { printOne } from './print.ts';

export const getDeploymentRoute = defineRoute({
  name: 'getDeployment',
  summary: 'Get a Deployment',
  method: 'GET',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  answers: { 200: deploymentSchema },
  async handle({ store }, { projectKey, params }) {
    const deployment = await readDeployment(store, projectKey, params.ref);
    return answer(200, await printOne(store, deployment));
  },
});
