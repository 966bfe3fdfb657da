import { oneOperation, operationSchema } from '../../../wire/operation.ts';
import { noBody, nothing, oneInProject } from '../../../wire/parameters.ts';
import { cancelOperation } from '../../commands/cancel-operation.ts';
import { answer, defineRoute } from '../route.ts';
import { manageOperations, readOperation } from './access.ts';
import { readNewestOperation } from './newest.ts';
import { printOne } from './print.ts';

export const cancelOperationRoute = defineRoute({
  name: 'cancelOperation',
  summary: 'Cancel an operation that is queued or running',
  method: 'POST',
  path: '/:projectKey/operations/:id/cancel',
  scopes: manageOperations,
  params: oneOperation,
  query: nothing,
  body: noBody,
  answers: { 202: operationSchema },
  async handle(deps, { identity, params, signal }) {
    const operation = await readOperation(deps.store, identity, params, 'manage');
    const asked = await cancelOperation(deps, identity, operation, signal());
    return answer(202, await printOne(deps.store, asked));
  },
});

export const cancelDeploymentRoute = defineRoute({
  name: 'cancelDeployment',
  summary: 'Cancel what is under way for a Deployment',
  method: 'POST',
  path: '/:projectKey/deployments/:ref/cancel',
  scopes: ['manage_project', 'manage_connectors_deployments'],
  params: oneInProject,
  query: nothing,
  body: noBody,
  answers: { 202: operationSchema },
  async handle(deps, { identity, projectKey, params, signal }) {
    const operation = await readNewestOperation(deps.store, projectKey, params.ref);
    const asked = await cancelOperation(deps, identity, operation, signal());
    return answer(202, await printOne(deps.store, asked));
  },
});
