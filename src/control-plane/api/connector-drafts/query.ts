import { z } from 'zod';
import { pageQuery } from '../../../wire/page.ts';
import { noBody, nothing } from '../parameters.ts';
import { defineRoute } from '../route.ts';
import { printStaged } from './print.ts';

export const queryConnectorStagedRoute = defineRoute({
  method: 'GET',
  path: '/connectors/drafts',
  scopes: ['manage_project', 'manage_connectors', 'view_connectors'],
  params: nothing,
  query: z.object({
    ...pageQuery,
    isPrivate: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .exactOptional(),
  }),
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const found = await store.connectors.queryStaged(projectKey, query);
    const results = await printStaged(store, found.results);
    return {
      status: 200,
      body: {
        limit: query.limit,
        offset: query.offset,
        count: results.length,
        total: found.total,
        results,
      },
    };
  },
});
