import { logPageSchema, printLogPage } from '../../../../wire/deployment-log.ts';
import { jobRunLogsParameters, oneJobRun } from '../../../../wire/job-run.ts';
import { noBody } from '../../../../wire/parameters.ts';
import { answer, defineRoute } from '../../route.ts';
import { logPageSize, readLogPage } from '../read-log-page.ts';
import { readJobRun } from './read.ts';

/** What is printed in the moment of the answer arrives a little later. */
const lateLinesMs = 1_000;

/** A job has one process, so that lines of runs that overlap cannot be told apart: what it printed meanwhile is in. */
export const jobRunLogsRoute = defineRoute({
  name: 'getJobRunLogs',
  summary: 'Read what the application logged while the run was under way, oldest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/runs/:runId/logs',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneJobRun,
  query: jobRunLogsParameters,
  body: noBody,
  answers: { 200: logPageSchema },
  async handle(deps, { projectKey, params, query }) {
    const run = await readJobRun(deps.store, projectKey, params);
    const { deploymentId, applicationName, startedAt, finishedAt } = run;
    if (startedAt === undefined) return answer(200, printLogPage({ entries: [] }));
    const page = await readLogPage(deps, {
      ...{ deploymentId, applicationName },
      from: startedAt,
      to: finishedAt === undefined ? deps.clock.now() : finishedAt + lateLinesMs,
      ...(query.pageToken === undefined || query.pageToken === ''
        ? {}
        : { after: query.pageToken }),
      limit: logPageSize,
    });
    return answer(200, printLogPage(page));
  },
});
