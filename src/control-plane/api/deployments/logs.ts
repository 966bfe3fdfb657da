import { logPageSchema, logQuerySchema, printLogPage } from '../../../wire/deployment-log.ts';
import { noBody, oneInProject } from '../../../wire/parameters.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { checkApplication, decideWindow } from './log-filter.ts';
import { logPageSize, readLogPage } from './read-log-page.ts';

/** Contract §5.6 and §10, row 33. */
export const deploymentLogsRoute = defineRoute({
  name: 'getDeploymentLogs',
  summary: 'Read the logs of a Deployment, oldest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/logs',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: logQuerySchema,
  body: noBody,
  answers: { 200: logPageSchema },
  async handle(deps, { projectKey, params, query }) {
    const deployment = await readDeployment(deps.store, projectKey, params.ref);
    checkApplication(deployment, query.applicationName);
    const window = decideWindow(deps.clock.now(), query);
    const page = await readLogPage(deps, {
      deploymentId: deployment.id,
      ...(query.applicationName === undefined ? {} : { applicationName: query.applicationName }),
      ...(query.severity.length === 0 ? {} : { severities: query.severity }),
      ...window,
      ...(query.pageToken === undefined || query.pageToken === ''
        ? {}
        : { after: query.pageToken }),
      limit: logPageSize,
    });
    return answer(200, printLogPage(page));
  },
});
