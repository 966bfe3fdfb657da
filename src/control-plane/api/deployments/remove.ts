import { conditionHeaders } from '../../../wire/conditions.ts';
import { deploymentSchema } from '../../../wire/deployment.ts';
import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { undeploy } from '../../commands/undeploy.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, answerVersioned, defineRoute } from '../route.ts';
import { printOne } from './print.ts';
import { waitForDeployment } from './wait.ts';

/** 202 while it is taken down, 200 when nothing of it is left (contract §10, row 6). */
export const removeDeploymentRoute = defineRoute({
  name: 'deleteDeployment',
  summary: 'Take a Deployment down',
  method: 'DELETE',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  headers: waitHeaders.extend(conditionHeaders.shape),
  answers: { 200: deploymentSchema, 202: deploymentSchema },
  async handle(deps, { projectKey, params, ...request }) {
    const read = await readDeployment(deps.store, projectKey, params.ref);
    const { deployment, removed } = await undeploy(deps, read, request.headers['if-match']);
    if (removed) return answer(200, await printOne(deps, deployment));
    const waited = await waitForDeployment(deps, request, deployment);
    const body = await printOne(deps, waited.deployment);
    return waited.isGone
      ? answer(200, body, waited.headers)
      : answerVersioned(202, body, waited.headers);
  },
});
