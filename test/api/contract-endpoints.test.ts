import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { routes } from '../../src/control-plane/api/routes.ts';

const deploy = ['manage_project', 'manage_connectors_deployments'];
const seeDeployments = [...deploy, 'view_connectors_deployments'];
const connect = ['manage_project', 'manage_connectors'];
const seeConnectors = [...connect, 'view_connectors'];

/** Contract §1: what "same" means in docs/api-compat.md, row by row. By id and by key. */
const contract = [
  ['POST /:projectKey/deployments', [201], deploy],
  ['GET /:projectKey/deployments', [200], seeDeployments],
  ['GET /:projectKey/deployments/:ref', [200], seeDeployments],
  ['POST /:projectKey/deployments/:ref', [201], deploy],
  ['DELETE /:projectKey/deployments/:ref', [200, 202], deploy],
  ['GET /:projectKey/deployments/:ref/logs', [200], seeDeployments],
  ['GET /:projectKey/deployments/:ref/revisions', [200], seeDeployments],
  ['GET /:projectKey/deployments/:ref/revisions/:revision', [200], seeDeployments],
  ['POST /:projectKey/deployments/:ref/revisions/:revision/rollback', [201], deploy],
  ['POST /:projectKey/deployments/:ref/rollback', [201], deploy],
  ['GET /connectors/:ref', [200], seeConnectors],
  ['GET /connectors/search', [200], seeConnectors],
  ['POST /connectors/drafts', [201], connect],
  ['GET /connectors/drafts', [200], seeConnectors],
  ['GET /connectors/drafts/:ref', [200], seeConnectors],
  ['POST /connectors/drafts/:ref', [201], connect],
  ['DELETE /connectors/drafts/:ref', [200], connect],
] as const;

const byName = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));

describe('the route table', () => {
  test.for(contract)(
    'has %s with %j and the scopes of the contract',
    ([name, statuses, scopes]) => {
      const route = byName.get(name);

      expect(Object.keys(route?.answers ?? {}).map(Number)).toEqual(statuses);
      expect(route?.scopes.toSorted()).toEqual(scopes.toSorted());
    },
  );

  test('has every endpoint of the official SDK', () => {
    const endpoints = readSdkEndpoints();

    expect(endpoints.length).toBeGreaterThanOrEqual(19);
    expect(endpoints.filter((endpoint) => !byName.has(endpoint))).toEqual([]);
  });
});

/** `GET /connectors/:ref`, for an id and a key alike. */
function readSdkEndpoints(): readonly string[] {
  const main = createRequire(import.meta.url).resolve('@commercetools-connect/sdk');
  return globSync(join(dirname(main), 'generated/client/**/*.js')).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/method: '([A-Z]+)',\s+uriTemplate: '([^']+)'/g)].map(
      ([, method = '', template = '']) =>
        `${method} ${template
          .replace('{projectKey}', ':projectKey')
          .replace(/key=\{\w+\}|\{id\}/i, ':ref')}`,
    ),
  );
}
