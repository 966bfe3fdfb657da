/**
 * The form of OpenAPI 3.1 as far as Berth uses it, in JSON Schema: stricter than the public one, which lets every
 * part be left out or be a reference.
 */
const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const mapOf = (value: object) => ({ type: 'object', additionalProperties: value });
const object = (required: object, optional: object = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});

const schema = { $ref: 'https://json-schema.org/draft/2020-12/schema' };
const content = {
  type: 'object',
  propertyNames: { pattern: '^[a-z]+/[a-z.+-]+$' },
  additionalProperties: object({ schema }),
};
const reference = object({ $ref: { type: 'string', pattern: '^#/components/' } });
const headers = mapOf({ anyOf: [reference, object({ schema }, { description: text })] });
const response = {
  anyOf: [reference, object({ description: text }, { headers, content })],
};
const parameter = object(
  {
    name: text,
    in: { enum: ['path', 'query', 'header'] },
    required: { type: 'boolean' },
    schema,
  },
  { description: text },
);
const operation = object(
  {
    operationId: { type: 'string', pattern: '^[a-z][A-Za-z]+$' },
    summary: { type: 'string', pattern: '^[A-Z].*[^.]$' },
    tags: { ...texts, minItems: 1, maxItems: 1 },
    security: { type: 'array', items: mapOf(texts) },
    parameters: { type: 'array', items: parameter },
    responses: {
      type: 'object',
      propertyNames: { pattern: '^[1-5][0-9][0-9]$' },
      additionalProperties: response,
      minProperties: 1,
    },
  },
  { description: text, requestBody: object({ required: { type: 'boolean' }, content }) },
);
const securityScheme = {
  oneOf: [
    object({ type: { const: 'http' }, scheme: { const: 'basic' } }, { description: text }),
    object(
      {
        type: { const: 'oauth2' },
        flows: object({ clientCredentials: object({ tokenUrl: text, scopes: mapOf(text) }) }),
      },
      { description: text },
    ),
  ],
};

export const openApiForm = object({
  openapi: { const: '3.1.0' },
  info: object({ title: text, version: text, description: text }),
  tags: { type: 'array', items: object({ name: text }, { description: text }) },
  paths: {
    type: 'object',
    propertyNames: { pattern: '^/' },
    additionalProperties: {
      type: 'object',
      propertyNames: { enum: ['get', 'post', 'delete'] },
      additionalProperties: operation,
    },
  },
  components: object({
    schemas: { ...mapOf(schema), propertyNames: { pattern: '^[A-Z][A-Za-z]+$' } },
    responses: mapOf(response),
    headers,
    securitySchemes: mapOf(securityScheme),
  }),
});
