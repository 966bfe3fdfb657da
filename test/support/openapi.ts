import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parseEvents } from './event-stream.ts';

export type Schema = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Described {
  /** `POST`. */
  readonly method: string;
  /** With `{name}` for a parameter. */
  readonly path: string;
  readonly operation: Operation;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

export function operationsOf({ paths }: Document): readonly Described[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operation as Operation,
    })),
  );
}

/** What a JSON pointer, escaped or not, leads to. */
export function valueAt(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (value as Schema | undefined)?.[key], document);
}

export function pointerTo(...keys: readonly string[]): string {
  return keys
    .map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
}

export function validator(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  return ajv;
}

/** Says what is wrong with an answer, if anything: its status must be described, and its body hold nothing else. */
export function answerCheck(document: Document) {
  const ajv = validator().addSchema(withoutMore(document) as object, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const validate = (pointer: string, body: unknown): string | undefined => {
    const check = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    compiled.set(pointer, check);
    return check(body) ? undefined : ajv.errorsText(check.errors, { separator: '\n' });
  };
  return (
    { path, method, operation }: Described,
    answer: { readonly status: number; readonly body: unknown },
  ): string | undefined => {
    const status = String(answer.status);
    const described = operation.responses[status];
    if (described === undefined) return `The status ${status} is not described`;
    const at =
      '$ref' in described
        ? String(described.$ref).slice(1)
        : pointerTo('paths', path, method.toLowerCase(), 'responses', status);
    const { content } = described;
    const isStream = content !== undefined && 'text/event-stream' in content;
    const type = isStream ? 'text/event-stream' : 'application/json';
    const schema = `${at}${pointerTo('content', type, 'schema')}`;
    if (!isStream) return validate(schema, answer.body);
    // Of a stream the schema describes each event.
    const events = Array.isArray(answer.body) ? answer.body : parseEvents(String(answer.body));
    const mistakes = events.map((event) => validate(schema, event));
    return mistakes.find((mistake) => mistake !== undefined);
  };
}

/** Clients must bear fields that they do not know; a field that nobody described is our mistake all the same. */
function withoutMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMore);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutMore(item)]),
  );
  const isObject = copy['type'] === 'object' && 'properties' in copy;
  return isObject && !('additionalProperties' in copy)
    ? { ...copy, additionalProperties: false }
    : copy;
}
