import { deploymentDraftSchema, deploymentSchema } from '../../../wire/deployment.ts';
import { inProject, nothing } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { createDeployment } from '../../commands/create-deployment.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOne } from './print.ts';
import { waitForDeployment } from './wait.ts';

export const createDeploymentRoute = defineRoute({
  name: 'createDeployment',
  summary: 'Deploy a Connector',
  method: 'POST',
  path: '/:projectKey/deployments',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: inProject,
  query: nothing,
  body: deploymentDraftSchema,
  headers: waitHeaders,
  answers: { 201: deploymentSchema },
  async handle(deps, { identity, projectKey, body, ...request }) {
    const created = await createDeployment(deps, identity, projectKey, body);
    const { deployment, headers } = await waitForDeployment(deps, request, created);
    return answerVersioned(201, await printOne(deps, deployment), headers);
  },
});
