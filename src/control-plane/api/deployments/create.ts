import { deploymentDraftSchema } from '../../../wire/deployment.ts';
import { inProject, nothing } from '../../../wire/parameters.ts';
import { createDeployment } from '../../commands/create-deployment.ts';
import { defineRoute } from '../route.ts';
import { printOne } from './print.ts';

export const createDeploymentRoute = defineRoute({
  method: 'POST',
  path: '/:projectKey/deployments',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: inProject,
  query: nothing,
  body: deploymentDraftSchema,
  async handle(deps, { identity, projectKey, body }) {
    const deployment = await createDeployment(deps, identity, projectKey, body);
    return { status: 201, body: await printOne(deps.store, deployment) };
  },
});
