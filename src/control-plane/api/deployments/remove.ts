import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { undeploy } from '../../commands/undeploy.ts';
import { readDeployment } from '../read-or-reject.ts';
import { defineRoute } from '../route.ts';
import { printOne } from './print.ts';

/** 202 while it is taken down, 200 where there was nothing to take down (contract §10, row 6). */
export const removeDeploymentRoute = defineRoute({
  method: 'DELETE',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  async handle(deps, { projectKey, params }) {
    const read = await readDeployment(deps.store, projectKey, params.ref);
    const { deployment, removed } = await undeploy(deps, read);
    return { status: removed ? 200 : 202, body: await printOne(deps.store, deployment) };
  },
});
