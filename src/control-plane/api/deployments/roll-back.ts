import { deploymentSchema } from '../../../wire/deployment.ts';
import { nothing, oneInProject } from '../../../wire/parameters.ts';
import { waitHeaders } from '../../../wire/preferences.ts';
import { oneRevision, rollbackSchema, rollbackToSchema } from '../../../wire/revision.ts';
import { rollBack } from '../../commands/roll-back.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answerVersioned, defineRoute } from '../route.ts';
import { printOne } from './print.ts';
import { waitForDeployment } from './wait.ts';

/** Which of the two paths the platform has is not public, so both are there (contract §2.8). */
const rollback = {
  method: 'POST',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  query: nothing,
  headers: waitHeaders,
  answers: { 201: deploymentSchema },
} as const;

export const rollBackToRevisionRoute = defineRoute({
  ...rollback,
  name: 'rollBackDeploymentToRevision',
  summary: 'Roll a Deployment back to this revision',
  path: '/:projectKey/deployments/:ref/revisions/:revision/rollback',
  params: oneRevision,
  body: rollbackSchema,
  async handle(deps, { projectKey, params, body, ...request }) {
    const read = await readDeployment(deps.store, projectKey, params.ref);
    const accepted = await rollBack(deps, request.identity, read, {
      ...body,
      revision: params.revision,
    });
    const { deployment, headers } = await waitForDeployment(deps, request, accepted);
    return answerVersioned(201, await printOne(deps, deployment), headers);
  },
});

export const rollBackRoute = defineRoute({
  ...rollback,
  name: 'rollBackDeployment',
  summary: 'Roll a Deployment back to the revision that the body names',
  path: '/:projectKey/deployments/:ref/rollback',
  params: oneInProject,
  body: rollbackToSchema,
  async handle(deps, { projectKey, params, body, ...request }) {
    const read = await readDeployment(deps.store, projectKey, params.ref);
    const { deployment, headers } = await waitForDeployment(
      deps,
      request,
      await rollBack(deps, request.identity, read, body),
    );
    return answerVersioned(201, await printOne(deps, deployment), headers);
  },
});
