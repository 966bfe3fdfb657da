import { jobRunSchema, oneJobRun, printJobRun } from '../../../../wire/job-run.ts';
import { noBody, nothing } from '../../../../wire/parameters.ts';
import { answer, defineRoute } from '../../route.ts';
import { readJobRun } from './read.ts';

export const getJobRunRoute = defineRoute({
  name: 'getJobRun',
  summary: 'Get a run of a job application',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/runs/:runId',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneJobRun,
  query: nothing,
  body: noBody,
  answers: { 200: jobRunSchema },
  async handle({ store }, { projectKey, params }) {
    return answer(200, printJobRun(await readJobRun(store, projectKey, params)));
  },
});
