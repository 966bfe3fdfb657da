import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import { errorTable } from '../../src/core/errors.ts';
import { type Berth, startBerth } from '../support/berth.ts';
import { openApiForm } from './openapi-form.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, object>>;
}

const document = buildDocument(routes);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    path,
    method,
    operation: operation as Operation,
  })),
);

describe('the description', () => {
  test('has the form of OpenAPI 3.1', () => {
    const validate = validator().compile(openApiForm);

    validate(document);

    expect(validate.errors ?? []).toEqual([]);
  });

  test('refers only to what is there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]*)"/g)];
    const missing = references.map(([, pointer = '']) => pointer).filter((pointer) => !at(pointer));

    expect(references.length).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });

  test('has only schemas that can be used', () => {
    const ajv = validator().addSchema(document, 'openapi');
    const schemas = pointersOf(document, 'schema');

    expect(schemas.length).toBeGreaterThan(50);
    for (const pointer of schemas)
      expect(ajv.compile({ $ref: `openapi#${pointer}` })).toBeTypeOf('function');
  });

  test('has each row of the route table, on a path for each way to name a resource', () => {
    for (const route of routes) {
      const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
      const paths = path.includes('{ref}')
        ? [path.replace('{ref}', '{id}'), path.replace('{ref}', 'key={key}')]
        : [path];
      for (const one of paths) {
        const operation = operations.find(
          (found) => found.path === one && found.method === route.method.toLowerCase(),
        )?.operation;
        expect(operation?.responses, `${route.method} ${one}`).toMatchObject(
          Object.fromEntries(Object.keys(route.answers).map((status) => [status, {}])),
        );
        expect(operation?.security).toEqual(
          route.scopes.map((scope) => ({ oauth2: [`${scope}:{projectKey}`] })),
        );
      }
    }
  });

  test('names every operation once, and each parameter of its path', () => {
    const names = operations.map(({ operation }) => operation.operationId);

    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      );
    }
  });

  test('says where versions are told and where they can be asked for', () => {
    const { delete: remove, get } = document.paths['/{projectKey}/deployments/{id}'] as Record<
      string,
      Operation & { responses: Record<string, { headers?: object }> }
    >;
    expect(get?.responses['200']?.headers).toHaveProperty('ETag');
    expect(remove?.parameters).toContainEqual(
      expect.objectContaining({ name: 'if-match', in: 'header', required: false }),
    );
    expect(remove?.responses).toHaveProperty('409');
  });

  test('names every scope that it asks for', () => {
    const { components } = document as unknown as {
      components: {
        securitySchemes: { oauth2: { flows: { clientCredentials: { scopes: object } } } };
      };
    };
    const known = Object.keys(components.securitySchemes.oauth2.flows.clientCredentials.scopes);
    const asked = operations.flatMap(({ operation }) =>
      operation.security.flatMap(({ oauth2 = [] }) => oauth2),
    );

    expect(known).toEqual(expect.arrayContaining(asked));
  });

  test('has every error code, under its status', () => {
    const { responses } = document.components as unknown as {
      responses: Record<string, { description: string }>;
    };
    for (const [code, { status }] of Object.entries(errorTable))
      expect(responses[`Error${status}`]?.description).toContain(`\`${code}\``);
  });
});

describe('GET /openapi.json', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth?.[Symbol.asyncDispose]());

  test('answers it to everybody, and only if it is not known yet', async () => {
    const first = await fetch(`${berth.api}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${berth.api}/openapi.json`, { headers: { 'if-none-match': etag } });

    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await first.json()).toEqual(JSON.parse(JSON.stringify(document)));
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

function validator(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  return ajv;
}

function at(pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, key) =>
        (value as Record<string, unknown> | undefined)?.[
          key.replaceAll('~1', '/').replaceAll('~0', '~')
        ],
      document,
    );
}

/** JSON pointers, escaped for a URI, of every value under this key; and of the components. */
function pointersOf(value: unknown, key: string, pointer = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const here = `${pointer}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    const isSchema = name === key || pointer === '/components/schemas';
    return isSchema ? [here] : pointersOf(item, key, here);
  });
}
