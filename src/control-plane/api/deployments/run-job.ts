import { jobRunSchema, oneJob, printJobRun } from '../../../wire/job-run.ts';
import { noBody, nothing } from '../../../wire/parameters.ts';
import { requestJobRun } from '../../commands/request-job-run.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';

/** Berth's own. The run begins as soon as the data plane has seen that somebody asks for it. */
export const runJobRoute = defineRoute({
  name: 'runJob',
  summary: 'Run a job application now, besides its schedule',
  method: 'POST',
  path: '/:projectKey/deployments/:ref/jobs/:applicationName/run',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneJob,
  query: nothing,
  body: noBody,
  answers: { 202: jobRunSchema },
  async handle(deps, { identity, projectKey, params }) {
    const deployment = await readDeployment(deps.store, projectKey, params.ref);
    const run = await requestJobRun(deps, identity, deployment, params.applicationName);
    return answer(202, printJobRun(run));
  },
});
