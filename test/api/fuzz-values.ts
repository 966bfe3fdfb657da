import fc, { type Arbitrary } from 'fast-check';
import { type Document, type Schema, valueAt } from '../support/openapi.ts';

/** What exists, by the name of the field or parameter that could name it. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

/** Most values are as the schema says and many name what exists, so that requests get far; some are anything. */
export function valuesOf(document: Document, known: Known) {
  const resolve = (schema: Schema): Schema => {
    const { $ref } = schema;
    return typeof $ref === 'string' ? (valueAt(document, $ref.slice(1)) as Schema) : schema;
  };

  const valid = (given: Schema, name: string, depth: number): Arbitrary<unknown> => {
    const schema = resolve(given);
    const options = (schema['oneOf'] ?? schema['anyOf']) as readonly Schema[] | undefined;
    if ('const' in schema) return fc.constant(schema['const']);
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum']);
    if (options !== undefined) return fc.oneof(...options.map((one) => valid(one, name, depth)));
    const existing = known[name] ?? [];
    const printed = ofType(schema, name, depth);
    if (existing.length === 0) return printed;
    return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...existing) }, printed);
  };

  const ofType = (schema: Schema, name: string, depth: number): Arbitrary<unknown> => {
    switch (schema['type']) {
      case 'string':
        return textOf(schema);
      case 'integer':
        return fc.integer({
          min: (schema['minimum'] as number | undefined) ?? -10,
          max: Math.min((schema['maximum'] as number | undefined) ?? 1000, 2 ** 31),
        });
      case 'number':
        return fc.double({ noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'array':
        return listOf(schema, name, depth);
      case 'object':
        return objectOf(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  };

  const listOf = (schema: Schema, name: string, depth: number): Arbitrary<unknown> => {
    const first = (schema['prefixItems'] as readonly Schema[] | undefined) ?? [];
    if (first.length > 0) return fc.tuple(...first.map((one) => anything(one, name, depth + 1)));
    return fc.array(anything((schema['items'] ?? {}) as Schema, name, depth + 1), {
      minLength: (schema['minItems'] as number | undefined) ?? 0,
      maxLength: 3,
    });
  };

  const objectOf = (schema: Schema, depth: number): Arbitrary<unknown> => {
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
    const names = Object.keys(properties);
    if (names.length === 0) return fc.dictionary(fc.oneof(fc.string(), strangeNames), strange);
    const requiredKeys = (schema['required'] ?? []) as string[];
    const arbitraries = Object.fromEntries(
      names.map((name) => [name, anything(properties[name] ?? {}, name, depth + 1)]),
    );
    return fc.record(arbitraries, { requiredKeys });
  };

  /** One value in forty is spoilt, so that about half of the bodies are. */
  const anything = (schema: Schema, name: string, depth: number): Arbitrary<unknown> =>
    depth > 12
      ? fc.constant(null)
      : fc.oneof(
          { weight: 80, arbitrary: fc.constant(undefined).chain(() => valid(schema, name, depth)) },
          { weight: 1, arbitrary: strange },
          { weight: 1, arbitrary: valid(schema, name, depth).map(spoil) },
        );

  return {
    valid: (schema: Schema, name = '') => valid(schema, name, 0),
    anything: (schema: Schema, name = '') => anything(schema, name, 0),
  };
}

function textOf(schema: Schema): Arbitrary<unknown> {
  const { format, pattern } = schema;
  if (format === 'uuid') return fc.uuid({ version: 4 });
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((at) => at.toISOString());
  const minLength = (schema['minLength'] as number | undefined) ?? 0;
  const maxLength = Math.min((schema['maxLength'] as number | undefined) ?? 40, 300);
  const any = fc.string({ unit: 'grapheme', minLength, maxLength });
  // A pattern that looks ahead cannot be written from.
  if (typeof pattern !== 'string' || pattern.includes('(?')) return any;
  return fc.oneof({ weight: 5, arbitrary: fc.stringMatching(new RegExp(pattern)) }, any);
}

const strangeNames = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '\0',
  '$ref',
);

const megabyte = 1_000_000;

/** Never right anywhere. */
export const strange: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0.5,
    2 ** 53,
    -0,
    1e308,
    '',
    ' ',
    '\0',
    '\x1b[2J\r\n\t',
    '\ud800',
    '\udfff\ud800',
    '\u202e\u0000\uffff',
    '../../etc/passwd',
    '--upload-pack=touch',
    "'; drop table deployment; --",
    '%s%n$(id)`id`',
    'true',
    '1e3',
    [],
    [[]],
    {},
  ),
  fc.constantFrom('__proto__', 'constructor', 'toString'),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ minLength: 200, maxLength: 5000 }),
  fc.jsonValue({ maxDepth: 4 }),
  strangeNames.map((name) => JSON.parse(`{${JSON.stringify(name)}:{"polluted":true}}`)),
  fc.constantFrom(10, 100, 2000).map(nested),
  fc.constantFrom(101, 1001).map(manyItems),
  fc.constant(1000).map(manyKeys),
  // Rare, for they are slow to send.
  fc.oneof(
    { weight: 9, arbitrary: fc.constant('x') },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('a', ' ', 'é', 'a-', '1,', '[')
        .map((text) => text.repeat(megabyte / Buffer.byteLength(text) / 2)),
    },
  ),
);

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function manyItems(count: number): unknown {
  return Array.from({ length: count }, (_, index) => ({ key: `KEY_${index}`, value: '' }));
}

function manyKeys(count: number): unknown {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key_${index}`, index]));
}

/** Nearly right: one more, one less, or twice. */
function spoil(value: unknown): unknown {
  if (Array.isArray(value)) return [...value, ...value, null];
  if (typeof value === 'string') return `${value}\ud800`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && value !== null)
    return { ...Object.fromEntries(Object.entries(value).slice(1)), more: value };
  return [value];
}
