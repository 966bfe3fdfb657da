import { deploymentSchema } from '../../../wire/deployment.ts';
import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { undeploy } from '../../commands/undeploy.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { printOne } from './print.ts';

/** 202 while it is taken down, 200 where there was nothing to take down (contract §10, row 6). */
export const removeDeploymentRoute = defineRoute({
  name: 'deleteDeployment',
  summary: 'Take a Deployment down',
  method: 'DELETE',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  answers: { 200: deploymentSchema, 202: deploymentSchema },
  async handle(deps, { projectKey, params }) {
    const read = await readDeployment(deps.store, projectKey, params.ref);
    const { deployment, removed } = await undeploy(deps, read);
    return answer(removed ? 200 : 202, await printOne(deps.store, deployment));
  },
});
