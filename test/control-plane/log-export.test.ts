import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startLogExport } from '../../src/control-plane/log-export/start-log-export.ts';
import type { LogEntry } from '../../src/core/log-entry.ts';
import { openOtlpSink } from '../../src/drivers/log-sink/otlp-http/otlp-sink.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import {
  type CollectorAnswer,
  readValue,
  readValues,
  startLogCollector,
} from '../support/log-collector.ts';
import { deployment } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const headers = { authorization: 'Bearer very-secret' };

/** A Berth's stores, with one Deployment, and whatever an export says. */
async function openStores() {
  const folder = await makeTempFolder();
  await using stack = new AsyncDisposableStack();
  const logs = stack.use(await openSqliteLogStore({ file: join(folder, 'logs.db') }));
  const store = stack.use(await openSqliteStore({ file: join(folder, 'berth.db') }));
  await store.commit([
    {
      kind: 'insert-deployment',
      record: deployment({ id: 'deployment', key: 'web', projectKey: 'shop' }),
    },
  ]);
  const said: { readonly message: string; readonly details: object }[] = [];
  const say = (details: object, message: string): void => void said.push({ message, details });
  const opened = stack.move();
  return {
    logs,
    said,
    start: (endpoint: string) =>
      startLogExport({
        ...{ logs, store },
        sink: openOtlpSink({ endpoint, headers }),
        logger: { info: say, warn: say, error: say },
        backoff: { first: 20, max: 100 },
      }),
    /** The first start begins with what comes then. */
    async begin(): Promise<void> {
      await logs.places.put('export', await logs.position({ deploymentId: '' }));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function line(message: string, more: Partial<LogEntry> = {}): LogEntry {
  return {
    type: 'APPLICATION_TEXT',
    deploymentId: 'deployment',
    applicationName: 'app',
    severity: 'INFO',
    timestamp: 1_764_300_000_123,
    details: { message },
    ...more,
  };
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(`${from + index}`));

const bodies = (collector: Awaited<ReturnType<typeof startLogCollector>>): readonly unknown[] =>
  collector.records().map(({ record }) => readValue(record.body));

test('what arrives is sent as OpenTelemetry knows it, and nothing of what was there before', async () => {
  const stores = await openStores();
  await using _stores = stores;
  const collector = await startLogCollector();
  await using _collector = collector;
  await stores.logs.append([line('before')]);
  await using _export = stores.start(collector.endpoint);
  await expect.poll(() => stores.logs.places.get('export')).toBeDefined();
  const json = { level: 'warn', list: [1, 1.5, null, true], deep: { text: 'x' }, large: 2 ** 60 };
  await stores.logs.append([
    line('hello', { severity: 'DEFAULT', details: { message: 'hello', source: 'build' } }),
    line('', { type: 'APPLICATION_JSON', severity: 'WARNING', details: json }),
    line('', {
      type: 'HTTP_REQUEST',
      applicationName: 'other',
      severity: 'ERROR',
      details: {
        requestMethod: 'POST',
        requestUrl: 'https://app.example/x?y',
        status: 502,
        userAgent: 'curl',
        latency: '0.010s',
      },
    }),
    line('orphan', { deploymentId: 'unknown', severity: 'EMERGENCY' }),
  ]);
  await expect.poll(() => collector.records().length).toBe(4);
  expect(collector.mistakes).toEqual([]);
  const [request] = collector.requests;
  expect(request).toMatchObject({
    path: '/v1/logs',
    headers: { 'content-type': 'application/json', authorization: headers.authorization },
  });
  const shown = collector.records().map(({ resource, record }) => ({
    ...record,
    resource,
    body: readValue(record.body),
    attributes: readValues(record.attributes),
  }));
  const times = {
    timeUnixNano: '1764300000123000000',
    observedTimeUnixNano: '1764300000123000000',
  };
  const app = {
    'service.name': 'app',
    'service.namespace': 'shop',
    'berth.deployment.id': 'deployment',
    'berth.deployment.key': 'web',
    'berth.project.key': 'shop',
  };
  expect(shown).toEqual([
    {
      ...times,
      resource: app,
      severityNumber: 0,
      severityText: 'DEFAULT',
      body: 'hello',
      attributes: { 'berth.log.type': 'APPLICATION_TEXT', source: 'build' },
    },
    {
      ...times,
      resource: app,
      severityNumber: 13,
      severityText: 'WARNING',
      body: json,
      attributes: { 'berth.log.type': 'APPLICATION_JSON' },
    },
    {
      ...times,
      resource: { ...app, 'service.name': 'other' },
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'POST https://app.example/x?y 502',
      attributes: {
        'berth.log.type': 'HTTP_REQUEST',
        'http.request.method': 'POST',
        'url.full': 'https://app.example/x?y',
        'http.response.status_code': 502,
        'user_agent.original': 'curl',
        'berth.request.latency': '0.010s',
      },
    },
    {
      ...times,
      resource: { 'service.name': 'app', 'berth.deployment.id': 'unknown' },
      severityNumber: 21,
      severityText: 'EMERGENCY',
      body: 'orphan',
      attributes: { 'berth.log.type': 'APPLICATION_TEXT' },
    },
  ]);
});

test('a collector that was away and a Berth that was stopped miss nothing, and get nothing twice', async () => {
  const stores = await openStores();
  await using _stores = stores;
  const first = await startLogCollector();
  await stores.begin();
  const exporting = stores.start(first.endpoint);
  await stores.logs.append(lines(0, 500));
  await expect.poll(() => first.records().length).toBe(500);
  await first[Symbol.asyncDispose]();
  await stores.logs.append(lines(500, 700));
  await expect.poll(() => stores.said.length).toBeGreaterThan(2);
  expect(stores.said[0]?.details).toMatchObject({ reason: 'The collector cannot be reached.' });
  await exporting[Symbol.asyncDispose]();
  await stores.logs.append(lines(700, 800));

  const second = await startLogCollector(undefined, first.port);
  await using _second = second;
  await using _again = stores.start(second.endpoint);
  await expect.poll(() => second.records().length).toBe(300);
  expect([...bodies(first), ...bodies(second)]).toEqual(
    Array.from({ length: 800 }, (_, index) => `${index}`),
  );
});

test('a collector that asks for a pause gets it, and its own words never hold the headers', async () => {
  const stores = await openStores();
  await using _stores = stores;
  const answers: CollectorAnswer[] = [
    {
      status: 429,
      headers: { 'retry-after': '1' },
      body: { message: `who is ${headers.authorization}?` },
    },
  ];
  const collector = await startLogCollector(() => answers.shift() ?? { status: 200, body: {} });
  await using _collector = collector;
  await stores.begin();
  await using _export = stores.start(collector.endpoint);
  await stores.logs.append([line('a')]);
  await expect.poll(() => collector.requests.length).toBe(2);
  const [refused, taken] = collector.requests;
  expect((taken?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThan(990);
  await expect.poll(() => stores.said.at(-1)?.message).toBe('logs are exported again');
  expect(stores.said[0]?.details).toMatchObject({
    reason: 'The collector answered with HTTP 429: who is [secret authorization]?',
  });
  expect(JSON.stringify(stores.said)).not.toContain('very-secret');
});

test('an entry that the collector never takes holds up no other, and what it leaves out is counted', async () => {
  const stores = await openStores();
  await using _stores = stores;
  const collector = await startLogCollector(({ records }) => {
    if (records.some(({ record }) => readValue(record.body) === '7'))
      return { status: 400, body: { code: 3, message: 'seven' } };
    return records.length > 8
      ? { status: 413, body: '' }
      : { status: 200, body: { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'one' } } };
  });
  await using _collector = collector;
  await stores.begin();
  await stores.logs.append(lines(0, 20));
  await using _export = stores.start(collector.endpoint);
  await expect.poll(() => stores.said.length).toBe(1);
  const [warning] = stores.said;
  expect(warning?.message).toBe('entries of logs were not taken by the collector');
  const taken = collector.requests.filter(
    ({ records }) =>
      records.length <= 8 && !records.some(({ record }) => readValue(record.body) === '7'),
  );
  const values = taken.flatMap(({ records }) =>
    records.map(({ record }) => Number(readValue(record.body))),
  );
  expect(values).toEqual(
    Array.from({ length: 20 }, (_, index) => index).filter((one) => one !== 7),
  );
  expect(warning?.details).toMatchObject({ rejected: taken.length + 1 });
});

test('what was forgotten before it could be exported is counted and said', async () => {
  const stores = await openStores();
  await using _stores = stores;
  const collector = await startLogCollector();
  await using _collector = collector;
  await stores.begin();
  await stores.logs.append([line('old', { deploymentId: 'gone' })]);
  await stores.logs.append([line('older', { deploymentId: 'gone' })]);
  await stores.logs.append([line('kept')]);
  await stores.logs.prune({ before: 0, deployments: ['gone'] });
  await using _export = stores.start(collector.endpoint);
  await expect
    .poll(() => stores.said)
    .toEqual([
      {
        message: 'entries of logs were forgotten before they could be exported',
        details: { forgotten: 2 },
      },
    ]);
  expect(bodies(collector)).toEqual(['kept']);
});
