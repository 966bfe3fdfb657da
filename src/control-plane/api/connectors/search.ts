import { wordsOf } from '../../../core/connector-search.ts';
import { connectorPageSchema, printConnector } from '../../../wire/connector.ts';
import { printPage } from '../../../wire/page.ts';
import { noBody, nothing, searchParameters } from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';

export const searchConnectorsRoute = defineRoute({
  name: 'searchConnectors',
  summary: 'Find published Connectors that the project may deploy',
  method: 'GET',
  path: '/connectors/search',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: nothing,
  query: searchParameters,
  body: noBody,
  answers: { 200: connectorPageSchema },
  async handle({ store }, { projectKey, query }) {
    const { text = '', private: onlyPrivate = false, 'creator.company': company } = query;
    const search = {
      projectKey,
      onlyPrivate,
      words: wordsOf(text),
      ...(company === undefined ? {} : { company }),
      ids: query.id,
      keys: query.key,
      integrationTypes: query.integrationTypes,
    };
    const found = await store.connectors.search(search, query);
    return answer(
      200,
      printPage({ total: found.total, results: found.results.map(printConnector) }, query),
    );
  },
});
