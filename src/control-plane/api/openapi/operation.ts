import { componentPrefix, type JsonSchema } from '../../../wire/json-schema.ts';
import { type Endpoint, nameOf } from './endpoint.ts';
import { correlationHeader, errorAnswerName, errorStatuses } from './errors.ts';

export interface Printed {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly components: Readonly<Record<string, JsonSchema>>;
}

/** An endpoint on one of its paths. */
export interface PathOf {
  readonly path: string;
  readonly operationId: string;
  /** Stands where the path of the table has `ref`. */
  readonly ref?: 'id' | 'key';
}

/** One for each way to name a resource. */
export function pathsOf({ path, name }: Endpoint): readonly PathOf[] {
  if (!path.includes('{ref}')) return [{ path, operationId: name }];
  return [
    { path: path.replace('{ref}', '{id}'), operationId: name, ref: 'id' },
    { path: path.replace('{ref}', 'key={key}'), operationId: `${name}ByKey`, ref: 'key' },
  ];
}

/** OpenAPI's Operation Object. */
export function printOperation(endpoint: Endpoint, at: PathOf, printed: Printed): object {
  const body = printed.schemas[nameOf(endpoint, 'body')] ?? {};
  const hasBody = endpoint.method === 'POST' && Object.keys(body).length > 0;
  return {
    operationId: at.operationId,
    summary: at.ref === 'key' ? `${endpoint.summary}, by key` : endpoint.summary,
    tags: [endpoint.tag],
    ...printSecurity(endpoint),
    parameters: [
      ...printPathParameters(endpoint, at, printed),
      ...printParameters('query', endpoint, printed),
      ...printParameters('headers', endpoint, printed),
    ],
    ...(hasBody
      ? { requestBody: { required: true, content: { [endpoint.bodyType]: { schema: body } } } }
      : {}),
    responses: { ...printAnswers(endpoint, printed), ...printErrors(endpoint, at, body, printed) },
  };
}

/** Any one of the scopes is enough, which OpenAPI says with one requirement for each. */
function printSecurity({ access }: Endpoint): object {
  if (access === 'anybody') return { security: [] };
  if (access === 'client') return { security: [{ client: [] }] };
  return { security: access.anyOf.map((scope) => ({ oauth2: [`${scope}:{projectKey}`] })) };
}

function printPathParameters(endpoint: Endpoint, at: PathOf, printed: Printed): readonly object[] {
  const { properties } = objectSchema(printed, nameOf(endpoint, 'params'));
  const names = [...at.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return names.map((name) => {
    const schema = name === at.ref ? printed.schemas[name] : properties[name];
    return printParameter('path', name, schema ?? { type: 'string' }, true);
  });
}

function printParameters(
  part: 'query' | 'headers',
  endpoint: Endpoint,
  printed: Printed,
): readonly object[] {
  const { properties, required } = objectSchema(printed, nameOf(endpoint, part));
  return Object.entries(properties).map(([name, schema]) =>
    printParameter(part === 'query' ? 'query' : 'header', name, schema, required.includes(name)),
  );
}

function printParameter(
  place: 'path' | 'query' | 'header',
  name: string,
  { description, ...schema }: JsonSchema,
  required: boolean,
): object {
  return {
    name,
    in: place,
    required,
    ...(description === undefined ? {} : { description }),
    schema,
  };
}

function printAnswers(endpoint: Endpoint, printed: Printed): object {
  return Object.fromEntries(
    Object.keys(endpoint.answers).map((status) => [
      status,
      printAnswer(endpoint, status, printed, meanings[status] ?? 'Done'),
    ]),
  );
}

function printAnswer(endpoint: Endpoint, status: string, printed: Printed, description: string) {
  const schema = printed.schemas[nameOf(endpoint, status)] ?? {};
  const headers = {
    ...correlationHeader,
    ...(hasVersion(schema, printed) ? { ETag: { $ref: '#/components/headers/EntityTag' } } : {}),
    ...(isRepeatable(endpoint, printed)
      ? { 'Idempotency-Replayed': { $ref: '#/components/headers/Replayed' } }
      : {}),
  };
  const type = status in endpoint.answers ? endpoint.answerType : undefined;
  return { description, headers, content: { [type ?? 'application/json']: { schema } } };
}

function printErrors(
  endpoint: Endpoint,
  at: PathOf,
  body: JsonSchema,
  printed: Printed,
): Readonly<Record<string, object>> {
  if (endpoint.refusals !== 'envelope') {
    const own = Object.keys(endpoint.refusals);
    return Object.fromEntries(
      own.map((status) => [status, printAnswer(endpoint, status, printed, 'It is refused')]),
    );
  }
  const { properties: headers } = objectSchema(printed, nameOf(endpoint, 'headers'));
  const isVersioned = hasVersion(body, printed) || 'if-match' in headers;
  const isOne = /\{(?!projectKey)/.test(at.path);
  const statuses = [...errorStatuses].filter((status) => {
    if (status === 401 || status === 403) return endpoint.access !== 'anybody';
    if (status === 404) return isOne;
    if (status === 409) return isVersioned || isRepeatable(endpoint, printed);
    return status !== 422 || isRepeatable(endpoint, printed);
  });
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      { $ref: `#/components/responses/${errorAnswerName(status)}` },
    ]),
  );
}

function objectSchema(printed: Printed, name: string) {
  const { properties, required } = resolve(printed.schemas[name] ?? {}, printed);
  return {
    properties: (properties ?? {}) as Readonly<Record<string, JsonSchema>>,
    required: (required ?? []) as readonly string[],
  };
}

function isRepeatable(endpoint: Endpoint, printed: Printed): boolean {
  return 'idempotency-key' in objectSchema(printed, nameOf(endpoint, 'headers')).properties;
}

function hasVersion(schema: JsonSchema, printed: Printed): boolean {
  const { properties } = resolve(schema, printed);
  return typeof properties === 'object' && properties !== null && 'version' in properties;
}

function resolve(schema: JsonSchema, printed: Printed): JsonSchema {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return schema;
  return printed.components[$ref.slice(componentPrefix.length)] ?? {};
}

const meanings: Readonly<Record<string, string>> = {
  '200': 'It is done',
  '201': 'It is accepted',
  '202': 'It has begun',
};
