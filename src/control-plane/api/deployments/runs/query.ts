import { jobRunPageSchema, jobRunsParameters, printJobRun } from '../../../../wire/job-run.ts';
import { printPage } from '../../../../wire/page.ts';
import { noBody, oneInProject } from '../../../../wire/parameters.ts';
import { readDeployment } from '../../read-or-reject.ts';
import { answer, defineRoute } from '../../route.ts';

export const queryJobRunsRoute = defineRoute({
  name: 'queryJobRuns',
  summary: 'List the runs of the job applications of a Deployment, newest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/runs',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: jobRunsParameters,
  body: noBody,
  answers: { 200: jobRunPageSchema },
  async handle({ store }, { projectKey, params, query }) {
    const { id } = await readDeployment(store, projectKey, params.ref);
    const { limit, offset, state, applicationName } = query;
    const { total, results } = await store.jobRuns.query(projectKey, {
      ...{ limit, offset, deploymentId: id },
      ...(applicationName === undefined ? {} : { applicationName }),
      ...(state.length === 0 ? {} : { states: state }),
    });
    return answer(200, printPage({ total, results: results.map(printJobRun) }, query));
  },
});
