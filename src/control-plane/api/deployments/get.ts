import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { readDeployment } from '../read-or-reject.ts';
import { defineRoute } from '../route.ts';
import { printOne } from './print.ts';

export const getDeploymentRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  async handle({ store }, { projectKey, params }) {
    const deployment = await readDeployment(store, projectKey, params.ref);
    return { status: 200, body: await printOne(store, deployment) };
  },
});
