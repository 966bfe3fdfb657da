import { printPage } from '../../../../wire/page.ts';
import { noBody, oneInProject } from '../../../../wire/parameters.ts';
import {
  printRevision,
  revisionPageSchema,
  revisionsParameters,
} from '../../../../wire/revision.ts';
import { readDeployment } from '../../read-or-reject.ts';
import { answer, defineRoute } from '../../route.ts';

export const queryRevisionsRoute = defineRoute({
  name: 'queryDeploymentRevisions',
  summary: 'List the revisions that a Deployment can be rolled back to, newest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/revisions',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: revisionsParameters,
  body: noBody,
  answers: { 200: revisionPageSchema },
  async handle({ store, secretMask }, { projectKey, params, query }) {
    const { id } = await readDeployment(store, projectKey, params.ref);
    const found = await store.revisions.query(projectKey, id, query);
    const results = found.results.map((revision) => printRevision(revision, secretMask));
    return answer(200, printPage({ total: found.total, results }, query));
  },
});
