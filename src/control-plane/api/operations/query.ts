import type { Subject } from '../../../core/operation.ts';
import type { OperationFilter, Store } from '../../../ports/store.ts';
import {
  operationPageSchema,
  operationsOfOneParameters,
  operationsParameters,
} from '../../../wire/operation.ts';
import { printPage } from '../../../wire/page.ts';
import { inProject, noBody, oneInProject } from '../../../wire/parameters.ts';
import { readDeployment } from '../read-or-reject.ts';
import { answer, defineRoute } from '../route.ts';
import { viewOperations, visibleSubjects } from './access.ts';
import { printOperations } from './print.ts';

export const queryOperationsRoute = defineRoute({
  name: 'queryOperations',
  summary: 'List the operations of the project, newest first',
  method: 'GET',
  path: '/:projectKey/operations',
  scopes: viewOperations,
  params: inProject,
  query: operationsParameters,
  body: noBody,
  answers: { 200: operationPageSchema },
  async handle({ store }, { identity, projectKey, query }) {
    const subjects: readonly Subject[] = [
      ...query.deploymentId.map((id) => `deployment:${id.toLowerCase()}` as const),
      ...query.connectorId.map((id) => `connector:${id.toLowerCase()}` as const),
    ];
    const filter = {
      of: visibleSubjects(identity, projectKey),
      ...(subjects.length === 0 ? {} : { subjects }),
    };
    return answer(200, await readPage(store, projectKey, query, filter));
  },
});

export const queryDeploymentOperationsRoute = defineRoute({
  name: 'queryDeploymentOperations',
  summary: 'List the operations of a Deployment, newest first',
  method: 'GET',
  path: '/:projectKey/deployments/:ref/operations',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: operationsOfOneParameters,
  body: noBody,
  answers: { 200: operationPageSchema },
  async handle({ store }, { projectKey, params, query }) {
    const { id } = await readDeployment(store, projectKey, params.ref);
    const filter: OperationFilter = { subjects: [`deployment:${id}`] };
    return answer(200, await readPage(store, projectKey, query, filter));
  },
});

async function readPage(
  store: Store,
  projectKey: string,
  query: {
    readonly limit: number;
    readonly offset: number;
    readonly state: NonNullable<OperationFilter['states']>;
  },
  filter: OperationFilter,
) {
  const { limit, offset, state } = query;
  const { total, results } = await store.operationRecords.query(projectKey, {
    limit,
    offset,
    ...filter,
    ...(state.length === 0 ? {} : { states: state }),
  });
  return printPage({ total, results: await printOperations(store, results) }, query);
}
