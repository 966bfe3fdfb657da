import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import type { JsonSchema } from '../../src/wire/json-schema.ts';

/**
 * The fields of every named type of the API's description by the type's name, and the query parameters of every endpoint that
 * has some by its method and path. In the order of the alphabet.
 */
export function readApiFields(): ReadonlyMap<string, readonly string[]> {
  const { components, paths } = buildDocument(routes);
  const types = Object.entries(components.schemas).map(
    ([name, schema]) => [name, fieldsOf(schema)] as const,
  );
  const queries = Object.entries(paths)
    .filter(([path]) => !path.includes('{key}'))
    .map(([path, { get }]) => [`GET ${path}`, queryOf(get as Operation | undefined)] as const);
  return new Map(
    [...types, ...queries]
      .filter(([, fields]) => fields.length > 0)
      .map(([name, fields]) => [name, fields.toSorted()]),
  );
}

const queryOf = (operation: Operation | undefined): readonly string[] =>
  (operation?.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);

/** Bodies of requests and good answers that have no named type, by operation. */
export function readNamelessBodies(): readonly string[] {
  const { paths } = buildDocument(routes);
  const operations = Object.values(paths).flatMap((item) =>
    Object.values(item),
  ) as readonly Operation[];
  return operations.flatMap(({ operationId, requestBody, responses }) =>
    [requestBody, ...Object.values(responses)]
      .flatMap((body) => Object.values(body?.content ?? {}))
      .filter(({ schema }) => fieldsOf(schema).length > 0)
      .map(() => operationId),
  );
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

/** `repository.url` where a field's type has no name of its own. A field whose type has one is told by that type. */
function fieldsOf(schema: JsonSchema): readonly string[] {
  const { properties, items, oneOf, anyOf } = schema as Parts;
  if (items !== undefined) return fieldsOf(items);
  const variants = oneOf ?? anyOf;
  if (variants !== undefined) return [...new Set(variants.flatMap(fieldsOfVariant))];
  return Object.entries(properties ?? {}).flatMap(([name, its]) => {
    const inner = fieldsOf(its);
    return inner.length === 0 ? [name] : inner.map((field) => `${name}.${field}`);
  });
}

/** Update actions share their list: `setName.name`. */
function fieldsOfVariant(variant: JsonSchema): readonly string[] {
  const { action, ...properties } = (variant as Parts).properties ?? {};
  const name = action?.['const'];
  if (typeof name !== 'string') return fieldsOf(variant);
  const fields = fieldsOf({ properties });
  return fields.length === 0 ? [name] : fields.map((field) => `${name}.${field}`);
}

interface Parts {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}
