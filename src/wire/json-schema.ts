import { z } from 'zod';

/** JSON Schema 2020-12, which is also the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What clients may send, and what they get, as JSON Schema: printed from the very schemas that read and type it. A schema
 * whose `meta` has an `id` becomes a component of that name, and is referred to everywhere else. Where text is read as
 * something else, `meta({ reads })` says what a client should see.
 */
export function printJsonSchemas(schemas: Readonly<Record<string, z.ZodType>>): {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly components: Readonly<Record<string, JsonSchema>>;
} {
  const printed = z.toJSONSchema(z.object(schemas), {
    io: 'input',
    override: ({ jsonSchema }) => tidy(jsonSchema),
  });
  const text = JSON.stringify({ schemas: printed.properties, components: printed.$defs ?? {} });
  return JSON.parse(text.replaceAll('"$ref":"#/$defs/', `"$ref":"${componentPrefix}`));
}

export const componentPrefix = '#/components/schemas/';

function tidy(schema: Record<string, unknown>): void {
  // It means "not in requests" to OpenAPI, and only "not changed" to us.
  delete schema['readOnly'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  // The format says it to people, in fewer words.
  if (schema['format'] === 'uuid' || schema['format'] === 'date-time') delete schema['pattern'];
  if (schema['default'] !== undefined && Array.isArray(schema['default'])) delete schema['default'];
  const { reads } = schema;
  if (typeof reads !== 'object' || reads === null) return;
  delete schema['reads'];
  delete schema['pattern'];
  Object.assign(schema, reads);
}
