import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import type { JsonSchema } from '../../src/wire/json-schema.ts';

/** The fields of every named type of the API's description, by the type's name, in the order of the alphabet. */
export function readApiFields(): ReadonlyMap<string, readonly string[]> {
  const { schemas } = buildDocument(routes).components;
  return new Map(
    Object.entries(schemas).flatMap(([name, schema]) => {
      const fields = fieldsOf(schema);
      return fields.length === 0 ? [] : [[name, fields.toSorted()] as const];
    }),
  );
}

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
