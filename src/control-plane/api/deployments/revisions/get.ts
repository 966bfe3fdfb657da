import { noBody, nothing } from '../../../../wire/parameters.ts';
import { oneRevision, printRevision, revisionSchema } from '../../../../wire/revision.ts';
import { readRevision } from '../../../commands/roll-back.ts';
import { readDeployment } from '../../read-or-reject.ts';
import { answer, defineRoute } from '../../route.ts';

export const getRevisionRoute = defineRoute({
  name: 'getDeploymentRevision',
  summary: 'Get a revision of a Deployment',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/revisions/:revision',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneRevision,
  query: nothing,
  body: noBody,
  answers: { 200: revisionSchema },
  async handle({ store, secretMask }, { projectKey, params }) {
    const deployment = await readDeployment(store, projectKey, params.ref);
    const revision = await readRevision(store, deployment, params.revision);
    return answer(200, printRevision(revision, secretMask));
  },
});
