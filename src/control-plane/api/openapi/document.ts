import { errorResponseSchema } from '../../../wire/error-response.ts';
import { type JsonSchema, printJsonSchemas } from '../../../wire/json-schema.ts';
import { ownScopes } from '../../commands/identity.ts';
import type { Route } from '../route.ts';
import { type Endpoint, endpointOf, schemasOf } from './endpoint.ts';
import { errorAnswerName, errorStatuses, printErrorAnswer } from './errors.ts';
import { type Printed, pathsOf, printOperation } from './operation.ts';
import { otherEndpoints } from './other-endpoints.ts';

/** The state of commercetools' contract that this API follows. */
const contractDate = '2026-11-06';

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** Everything that Berth answers, printed from the route table, its schemas and the error table. */
export function buildDocument(routes: readonly Route[]): OpenApiDocument {
  const endpoints = [...routes.map(endpointOf), ...otherEndpoints];
  const printed = printJsonSchemas({ ...schemasOf(endpoints), error: errorResponseSchema });
  return {
    openapi: '3.1.0',
    info: { title: 'Berth', version: contractDate, description },
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: printPaths(endpoints, printed),
    components: { schemas: sortedByName(printed.components), ...sharedParts() },
  };
}

function printPaths(endpoints: readonly Endpoint[], printed: Printed): OpenApiDocument['paths'] {
  const operations = endpoints.flatMap((endpoint) =>
    pathsOf(endpoint).map((at) => ({
      path: at.path,
      method: endpoint.method.toLowerCase(),
      operation: printOperation(endpoint, at, printed),
    })),
  );
  return Object.fromEntries(
    [...Map.groupBy(operations, ({ path }) => path)].map(([path, its]) => [
      path,
      Object.fromEntries(its.map(({ method, operation }) => [method, operation])),
    ]),
  );
}

function sharedParts(): object {
  return {
    responses: Object.fromEntries(
      [...errorStatuses].map((status) => [errorAnswerName(status), printErrorAnswer(status)]),
    ),
    headers: {
      CorrelationId: {
        description: 'What the request said with the same header, or a new one. Logs name it.',
        schema: { type: 'string' },
      },
      Replayed: {
        description:
          '`true` where the request was done before and this is the answer that was kept; missing otherwise.',
        schema: { type: 'string', enum: ['true'] },
      },
      EntityTag: {
        description:
          'The `version` in quotes, for `If-Match` of a DELETE. That of a Deployment does not change with what happens in the ' +
          'background. ' +
          'Missing where nothing is left to delete.',
        schema: { type: 'string', examples: ['"3"'] },
      },
    },
    securitySchemes: {
      oauth2: {
        type: 'oauth2',
        description:
          'An access token, as `Authorization: Bearer …`. Any one of the scopes is enough. A token that is got ' +
          'without naming a scope has all of its client.',
        flows: {
          clientCredentials: {
            tokenUrl: '/oauth/token',
            scopes: Object.fromEntries(
              ownScopes.map((scope) => [`${scope}:{projectKey}`, scope.replaceAll('_', ' ')]),
            ),
          },
        },
      },
      client: {
        type: 'http',
        scheme: 'basic',
        description: 'The id and the secret of an API client.',
      },
    },
  };
}

function sortedByName<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const description = `The API of commercetools Connect, as Berth answers it, and what Berth adds.

Paths with a project key are about that project; \`/connectors/…\` is about the project of the access token. What belongs to
another project does not exist (404). Unknown fields of a request are ignored. Every mistake of a request is named, each with
its path. Times are ISO 8601 in UTC. Every answer carries \`X-Correlation-ID\`: the request's own, or a new one.`;
