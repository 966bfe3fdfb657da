import { isBusy } from '../../../core/deployment-status.ts';
import { deploymentSchema } from '../../../wire/deployment.ts';
import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { waitWhileBusy } from '../wait-while-busy.ts';
import { printOne } from './print.ts';

const cliPauseMs = 60_000;

export const getDeploymentRoute = defineRoute({
  name: 'getDeployment',
  summary: 'Get a Deployment',
  method: 'GET',
  path: '/:projectKey/deployments/:ref',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  headers: waitHeaders,
  answers: { 200: deploymentSchema },
  async handle(deps, { projectKey, params, headers, signal }) {
    const read = () => readDeployment(deps.store, projectKey, params.ref);
    const found = await read();
    const waited = await waitWhileBusy(deps, {
      headers,
      signal,
      found,
      isBusy: ({ status }) => isBusy(status),
      read,
      cli: { writtenAt: found.lastModifiedAt, pauseMs: cliPauseMs },
    });
    return answerVersioned(200, await printOne(deps, waited.record), waited.headers);
  },
});
