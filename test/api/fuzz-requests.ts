import fc, { type Arbitrary } from 'fast-check';
import type { Described, Document } from '../support/openapi.ts';
import { pointsOf, replaced } from './bodies.ts';
import { type Known, strange, valuesOf } from './fuzz-values.ts';
import type { RawRequest } from './support.ts';

/** Requests of one operation, made from its description. `authorization` is what mostly lets them in. */
export function requestsOf(
  document: Document,
  { method, path, operation }: Described,
  {
    known,
    examples,
    authorization,
  }: {
    readonly known: Known;
    /** Bodies that would be taken. */
    readonly examples: readonly unknown[];
    readonly authorization: string;
  },
): Arbitrary<RawRequest> {
  const values = valuesOf(document, known);
  const parameters = (place: string) => operation.parameters.filter((one) => one.in === place);
  const inPath = fc.record(
    Object.fromEntries(
      parameters('path').map(({ name, schema }) => [name, segment(values.anything(schema, name))]),
    ),
  );
  const query = fc
    .tuple(
      fc.record(
        Object.fromEntries(
          parameters('query').map(({ name, schema }) => [name, values.anything(schema, name)]),
        ),
        { requiredKeys: [] },
      ),
      rarely(fc.dictionary(fc.string({ maxLength: 20 }), strange, { maxKeys: 3 }), {}),
    )
    .map(([described, more]) => printQuery({ ...described, ...more }));
  const headers = fc
    .tuple(
      fc.record(
        Object.fromEntries(
          parameters('header').map(({ name, schema }) => [
            name,
            values.anything(schema, name).map(headerText),
          ]),
        ),
        { requiredKeys: [] },
      ),
      fc.oneof(
        { weight: 30, arbitrary: fc.constant({ authorization }) },
        { weight: 1, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: strange.map((value) => ({ authorization: headerText(value) })) },
        {
          weight: 1,
          arbitrary: strange.map((value) => ({
            authorization,
            'x-correlation-id': headerText(value),
            accept: headerText(value),
            'if-none-match': headerText(value),
          })),
        },
      ),
    )
    .map(([described, more]) => ({ ...described, ...more }));
  return fc
    .record({
      inPath,
      query,
      headers,
      body: bodiesOf(operation, values, examples),
      chunked: fc.boolean(),
    })
    .map(({ inPath: segments, query: text, headers: some, body, chunked }) => ({
      method,
      path: `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? '')}${text}`,
      headers: { ...body.headers, ...some },
      body: body.text,
      // Node's client sends the body of other methods without saying so.
      chunked: chunked && method === 'POST',
    }));
}

interface Body {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

function bodiesOf(
  { requestBody }: Described['operation'],
  values: ReturnType<typeof valuesOf>,
  examples: readonly unknown[],
): Arbitrary<Body> {
  const [described] = Object.entries(requestBody?.content ?? {});
  if (described === undefined) return rarely(strange.map(json), { text: '', headers: {} });
  const [type, { schema }] = described;
  const print = type === 'application/json' ? json : form;
  return fc.oneof(
    { weight: 15, arbitrary: values.anything(schema).map(print) },
    ...(examples.length === 0
      ? []
      : [
          { weight: 2, arbitrary: fc.constantFrom(...examples).map(print) },
          {
            weight: 15,
            arbitrary: fc
              .constantFrom(...examples)
              .chain(spoilt)
              .map(print),
          },
        ]),
    { weight: 2, arbitrary: strange.map(json) },
    { weight: 1, arbitrary: values.valid(schema).map(print).map(halved) },
    { weight: 1, arbitrary: values.valid(schema).map(print).map(mislabelled) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => ({ text, headers: {} })) },
  );
}

/** The example with another value at one or two of its points. */
function spoilt(example: unknown): Arbitrary<unknown> {
  const points = pointsOf(example);
  return fc
    .array(fc.tuple(fc.constantFrom(...points), strange), { minLength: 1, maxLength: 2 })
    .map((changes) =>
      changes
        // The deeper one first: the other may take its place away.
        .toSorted(([one], [other]) => other.length - one.length)
        .reduce<unknown>((body, [point, value]) => replaced(body, point, value), example),
    );
}

function json(value: unknown): Body {
  return {
    text: JSON.stringify(value) ?? 'undefined',
    headers: { 'content-type': 'application/json' },
  };
}

function form(value: unknown): Body {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return {
    text: fields
      .map(
        ([name, field]) =>
          `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text(field))}`,
      )
      .join('&'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}

function halved({ text: whole, headers }: Body): Body {
  return { text: whole.slice(0, whole.length / 2), headers };
}

function mislabelled({ text: whole }: Body): Body {
  return { text: whole, headers: { 'content-type': 'application/octet-stream; charset=utf-99' } };
}

function rarely<T>(arbitrary: Arbitrary<T>, otherwise: NoInfer<T>): Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary });
}

/** Longer ones are the HTTP server's to refuse. */
const maxSegment = 2000;

/** Escaped, and now and then escaped wrongly. */
function segment(values: Arbitrary<unknown>): Arbitrary<string> {
  return (
    fc
      .oneof(
        { weight: 20, arbitrary: values.map((value) => encodeURIComponent(text(value))) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('%00', '%zz', '%ff%fe', '%2e%2e%2f', '..', '%', 'a%2fb', ';'),
        },
      )
      // None at all would be another endpoint's path.
      .map((one) => one.slice(0, maxSegment) || '%20')
  );
}

function printQuery(parameters: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    (Array.isArray(value) ? value.slice(0, 100) : [value]).map(
      (one) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text(one))}`,
    ),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&').slice(0, maxSegment)}`;
}

function text(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return whole.slice(0, maxSegment).toWellFormed();
}

/** What an HTTP client lets through. */
function headerText(value: unknown): string {
  return text(value).replaceAll(/[^\x20-\x7e\x80-\xff]/g, '');
}

/** For the report of a failure. */
export function show({ method, path, headers, body }: RawRequest): string {
  return `${method} ${path}\n${JSON.stringify(headers)}\n${String(body ?? '').slice(0, 4000)}`;
}
