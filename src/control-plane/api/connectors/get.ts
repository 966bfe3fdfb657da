import { isVisibleTo } from '../../../core/connector.ts';
import { reject } from '../../../core/errors.ts';
import { connectorSchema, printConnector } from '../../../wire/connector.ts';
import { noBody, nothing, oneResource } from '../../../wire/parameters.ts';
import { answerVersioned, defineRoute } from '../route.ts';

export const getConnectorRoute = defineRoute({
  name: 'getConnector',
  summary: 'Get a published Connector',
  method: 'GET',
  path: '/connectors/:ref',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: oneResource,
  query: nothing,
  body: noBody,
  answers: { 200: connectorSchema },
  async handle({ store }, { projectKey, params }) {
    const candidates = await store.connectors.publishedAnywhere(params.ref);
    const visible = candidates.filter((one) => isVisibleTo(one, projectKey));
    const found = visible.find((one) => one.projectKey === projectKey) ?? visible[0];
    if (found === undefined) reject('ResourceNotFound', { resource: 'Connector', ...params.ref });
    return answerVersioned(200, printConnector(found));
  },
});
