import { z } from 'zod';
import { deploymentTypes } from '../../../core/deployment.ts';
import { integrationTypeSchema } from '../../../wire/connector.ts';
import { pageQuery, repeatable } from '../../../wire/page.ts';
import { inProject, noBody } from '../parameters.ts';
import { defineRoute } from '../route.ts';
import { printDeployments } from './print.ts';

export const queryDeploymentsRoute = defineRoute({
  method: 'GET',
  path: '/:projectKey/deployments',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: inProject,
  query: z.object({
    ...pageQuery,
    integrationTypes: repeatable(integrationTypeSchema),
    deploymentType: z.enum(deploymentTypes).exactOptional(),
  }),
  body: noBody,
  async handle({ store }, { projectKey, query }) {
    const { deploymentType, ...page } = query;
    const found = await store.deployments.query(projectKey, {
      ...page,
      ...(deploymentType === undefined ? {} : { type: deploymentType }),
    });
    const results = await printDeployments(store, found.results);
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
