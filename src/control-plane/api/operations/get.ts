import { oneOperation, operationSchema } from '../../../wire/operation.ts';
import { noBody, nothing } from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';
import { readOperation, viewOperations } from './access.ts';
import { printOne } from './print.ts';

export const getOperationRoute = defineRoute({
  name: 'getOperation',
  summary: 'Get an operation with its steps and what they report',
  method: 'GET',
  path: '/:projectKey/operations/:id',
  scopes: viewOperations,
  params: oneOperation,
  query: nothing,
  body: noBody,
  answers: { 200: operationSchema },
  async handle({ store }, { identity, params }) {
    const operation = await readOperation(store, identity, params, 'view');
    return answer(200, await printOne(store, operation));
  },
});
