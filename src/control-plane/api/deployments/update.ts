import { deploymentSchema, deploymentUpdateSchema } from '../../../wire/deployment.ts';
import { nothing, oneInProject } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { redeploy } from '../../commands/redeploy.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOne } from './print.ts';
import { waitForDeployment } from './wait.ts';

/** 201 for an update: contract §1. */
export const updateDeploymentRoute = defineRoute({
  name: 'redeployDeployment',
  summary: 'Redeploy a Deployment with changed values or a newer Connector',
  method: 'POST',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: deploymentUpdateSchema,
  headers: waitHeaders,
  answers: { 201: deploymentSchema },
  async handle(deps, { projectKey, params, body, ...request }) {
    const deployment = await readDeployment(deps.store, projectKey, params.ref);
    const [action] = body.actions;
    const updated = await redeploy(deps, request.identity, deployment, body.version, action);
    const waited = await waitForDeployment(deps, request, updated);
    return answerVersioned(201, await printOne(deps, waited.deployment), waited.headers);
  },
});
