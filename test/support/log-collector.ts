import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

/** One request that a collector was sent. */
export interface CollectedRequest {
  readonly at: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly records: readonly CollectedRecord[];
}

export interface CollectedRecord {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly record: z.infer<typeof recordSchema>;
}

export interface CollectorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An OpenTelemetry collector as far as OTLP over HTTP goes: it refuses what the protocol has no name for. */
export async function startLogCollector(
  answer: (request: CollectedRequest) => CollectorAnswer = () => ({ status: 200, body: {} }),
  port = 0,
) {
  const requests: CollectedRequest[] = [];
  const mistakes: unknown[] = [];
  const server = createServer(async (request, response) => {
    const parsed = requestSchema.safeParse(await json(request));
    if (!parsed.success) mistakes.push(parsed.error.issues);
    const one = {
      at: performance.now(),
      path: request.url ?? '',
      headers: request.headers,
      records: parsed.success ? recordsOf(parsed.data) : [],
    };
    requests.push(one);
    const { status, headers = {}, body } = answer(one);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port: own,
    endpoint: `http://127.0.0.1:${own}`,
    requests,
    /** What was not as the protocol has it. */
    mistakes,
    records: () => requests.flatMap(({ records }) => records),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Fields of opentelemetry/proto/{common,resource,logs,collector/logs}/v1 in their JSON names, no others. */
const uint64 = z.string().regex(/^\d{1,20}$/);

type AnyValue = z.infer<typeof anyValueSchema>;
const anyValueSchema: z.ZodType<Record<string, unknown>> = z.lazy(() =>
  z.union([
    z.strictObject({}),
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(anyValueSchema) }) }),
    z.strictObject({ kvlistValue: z.strictObject({ values: z.array(keyValueSchema) }) }),
    z.strictObject({ bytesValue: z.base64() }),
  ]),
);

const keyValueSchema = z.strictObject({ key: z.string().min(1), value: anyValueSchema });

const recordSchema = z.strictObject({
  timeUnixNano: uint64,
  observedTimeUnixNano: uint64,
  severityNumber: z.int().min(0).max(24),
  severityText: z.string(),
  body: anyValueSchema,
  attributes: z.array(keyValueSchema),
});

const requestSchema = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(keyValueSchema) }),
      scopeLogs: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string() }),
          logRecords: z.array(recordSchema),
        }),
      ),
    }),
  ),
});

function recordsOf({ resourceLogs }: z.infer<typeof requestSchema>): readonly CollectedRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((record) => ({ resource: readValues(resource.attributes), record })),
    ),
  );
}

/** As the other side reads them. */
export function readValues(
  attributes: readonly { readonly key: string; readonly value: AnyValue }[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));
}

export function readValue(value: AnyValue): unknown {
  const [kind, held] = Object.entries(value)[0] ?? ['null', null];
  if (kind === 'intValue') return Number(held);
  const { values = [] } = (held ?? {}) as { readonly values?: readonly AnyValue[] };
  if (kind === 'arrayValue') return values.map(readValue);
  return kind === 'kvlistValue' ? readValues(values as never) : held;
}
