import { expect, test } from 'vitest';
import type { LogEntry } from '../../src/core/log-entry.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import type { ControlPlaneOptions } from '../support/control-plane.ts';
import { expectDescribed } from '../support/described-events.ts';
import {
  type EventStreamClient,
  openEventStream,
  type StreamEvent,
} from '../support/event-stream.ts';
import { movedClock } from '../support/moved-clock.ts';
import { applicationDeployment, deployment } from '../support/records.ts';
import { openTempPlane, type TempPlane } from '../support/temp-plane.ts';
import { expectErrors } from './support.ts';

const id = '6f1f7f0e-3e0c-4a8a-9d61-5f3f0f2b7c11';
const path = `/shop/deployments/${id}/logs/stream`;

/** A plane with one Deployment, whose logs the test writes. */
async function openShop(options: ControlPlaneOptions = {}) {
  const plane = await openTempPlane(options);
  const token = await plane.token('shop');
  await plane.store.commit([
    {
      kind: 'insert-deployment',
      record: deployment({
        id,
        key: 'web',
        projectKey: 'shop',
        applications: [
          applicationDeployment({ name: 'app' }),
          applicationDeployment({ id: 'other', name: 'other' }),
        ],
      }),
    },
  ]);
  return { plane, token };
}

const follow = (
  { url }: TempPlane,
  token: string,
  { query = '', lastEventId }: { readonly query?: string; readonly lastEventId?: string } = {},
): Promise<EventStreamClient> =>
  openEventStream(`${url}${path}${query}`, {
    authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  });

function line(message: string, more: Partial<LogEntry> = {}): LogEntry {
  return {
    type: 'APPLICATION_TEXT',
    deploymentId: id,
    applicationName: 'app',
    severity: 'INFO',
    timestamp: Date.now(),
    details: { message },
    ...more,
  };
}

const messages = (events: readonly StreamEvent[]): unknown[] =>
  events.map(({ data }) => data.details?.message);

test('what arrives is sent as it arrives, as the logs show it', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  await plane.logs.append([line('before')]);
  using stream = await follow(plane, token);
  await plane.logs.append([line('a'), line('b', { deploymentId: 'another' })]);
  await stream.count(1);
  // Long after its moment, as the output of a build is.
  await plane.logs.append([line('late', { timestamp: Date.now() - 600_000 })]);
  await plane.logs.append([line('c')]);
  const events = await stream.count(3);

  expect(stream.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-correlation-id': expect.stringMatching(/./),
  });
  expect(messages(events)).toEqual(['a', 'late', 'c']);
  expect(events.map(({ event }) => event)).toEqual(['log', 'log', 'log']);
  const { body } = await plane.request('GET', `/shop/deployments/key=web/logs`, undefined, token);
  const shown = body.data.filter(({ details }: LogEntry) => details['message'] !== 'before');
  expect(events.map(({ data }) => data)).toEqual(expect.arrayContaining(shown));
  expect(shown).toHaveLength(3);
  expectDescribed('streamDeploymentLogs', events);
});

test('it is found by key, and begins with a date where one is given', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  const now = Date.now();
  await plane.logs.append([
    line('old', { timestamp: now - 3_600_000 }),
    line('a', { timestamp: now - 1000 }),
    line('b', { timestamp: now - 2000 }),
  ]);
  const since = new Date(now - 60_000).toISOString();
  using stream = await openEventStream(
    `${plane.url}/shop/deployments/key=web/logs/stream?startDate=${since}`,
    { authorization: `Bearer ${token}` },
  );
  await plane.logs.append([line('too old', { timestamp: now - 3_600_000 }), line('c')]);

  expect(messages(await stream.count(3))).toEqual(['a', 'b', 'c']);
});

test('only what is asked for is sent, and the client is told how far it got', async () => {
  const { plane, token } = await openShop({ streamLimits: { heartbeatMs: 20 } });
  await using _plane = plane;
  const query = '?applicationName=app&severity=ERROR&severity=ALERT';
  using stream = await follow(plane, token, { query });
  const before = stream.lastEventId;
  await plane.logs.append([
    line('other', { applicationName: 'other', severity: 'ERROR' }),
    line('harmless'),
    line('bad', { severity: 'ERROR' }),
    line('worse', { severity: 'ALERT' }),
    line('harmless, too'),
  ]);
  expect(messages(await stream.count(2))).toEqual(['bad', 'worse']);
  const behind = stream.events.at(-1)?.id;
  await expect.poll(() => stream.lastEventId).not.toBe(behind);

  using all = await follow(plane, token, { lastEventId: before });
  using rest = await follow(plane, token, { lastEventId: stream.lastEventId });
  await plane.logs.append([line('new')]);
  expect(messages(await all.count(6)).slice(0, 5)).toEqual([
    'other',
    'harmless',
    'bad',
    'worse',
    'harmless, too',
  ]);
  expect(messages(await rest.count(1))).toEqual(['new']);
});

test('pages of logs are of the severities that are asked for', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  await plane.logs.append(
    (['DEBUG', 'ERROR', 'INFO', 'ALERT'] as const).map((severity) => line(severity, { severity })),
  );
  const read = (query: string) =>
    plane.request('GET', `/shop/deployments/${id}/logs?${query}`, undefined, token);
  const severities = async (query: string) =>
    (await read(query)).body.data.map(({ severity }: LogEntry) => severity);

  expect(await severities('severity=ERROR&severity=ALERT')).toEqual(['ERROR', 'ALERT']);
  expect(await severities('severity=NOTICE')).toEqual([]);
  expect(await severities('applicationName=app')).toHaveLength(4);
  expectErrors(await read('severity=LOUD'), 400, ['InvalidQueryParam']);
});

test('with many writers at once and a client that keeps coming back, each entry is seen once', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  const [writers, each] = [4, 250];
  const files = await Promise.all(
    Array.from({ length: writers }, () => openSqliteLogStore({ file: plane.logFile })),
  );
  const write = async (writer: number) => {
    for (let number = 0; number < each; number += 1) {
      const timestamp = Date.now() - Math.floor(Math.random() * 60_000);
      await files[writer]?.append([line(`${writer}/${number}`, { timestamp })]);
    }
  };
  let { lastEventId } = await opened(plane, token);
  const written = Promise.all(files.map((_, writer) => write(writer)));
  const seen: StreamEvent[] = [];
  let visits = 0;
  for (; seen.length < writers * each; visits += 1) {
    using stream = await follow(plane, token, { lastEventId });
    await stream.count(Math.min(50, writers * each - seen.length));
    seen.push(...stream.events);
    lastEventId = stream.lastEventId;
  }
  await written;
  await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));

  expect(visits).toBeGreaterThan(2);
  expect(seen).toHaveLength(writers * each);
  for (let writer = 0; writer < writers; writer += 1) {
    const its = messages(seen).filter((text) => String(text).startsWith(`${writer}/`));
    expect(its).toEqual(Array.from({ length: each }, (_, number) => `${writer}/${number}`));
  }
});

/** Opens a stream to learn where it stands. */
async function opened(plane: TempPlane, token: string): Promise<{ lastEventId: string }> {
  using stream = await follow(plane, token);
  return { lastEventId: stream.lastEventId };
}

test('a sign of life is sent now and then', async () => {
  const { plane, token } = await openShop({ streamLimits: { heartbeatMs: 10 } });
  await using _plane = plane;
  using stream = await follow(plane, token);

  await expect.poll(() => stream.comments.length).toBeGreaterThan(5);
  expect(stream.events).toEqual([]);
});

test('it ends when its time is up, and goes on behind it', async () => {
  const { plane, token } = await openShop({ streamLimits: { lifetimeMs: 200 } });
  await using _plane = plane;
  using stream = await follow(plane, token);
  await plane.logs.append([line('a')]);
  await stream.count(1);
  await stream.ended;
  await plane.logs.append([line('b')]);
  using next = await follow(plane, token, { lastEventId: stream.lastEventId });

  expect(stream.comments.at(-1)).toContain('Come back with Last-Event-ID');
  expect(messages(await next.count(1))).toEqual(['b']);
});

test('it ends when the token expires', async () => {
  const clock = movedClock();
  const { plane, token } = await openShop({ clock, streamLimits: { recheckMs: 20 } });
  await using _plane = plane;
  using stream = await follow(plane, token);
  clock.move(172_799_000);
  await plane.logs.append([line('a')]);
  await stream.count(1);
  clock.move(2000);
  await stream.ended;

  expect(stream.comments.at(-1)).toBe('The access token is not valid any more.');
  expectErrors(await plane.request('GET', path, undefined, token), 401, ['invalid_token']);
});

test('it ends when the API client of its token is deleted', async () => {
  const { plane, token } = await openShop({ streamLimits: { recheckMs: 20 } });
  await using _plane = plane;
  using stream = await follow(plane, token);
  const clients = await plane.request('GET', '/shop/api-clients', undefined, token);
  const [client] = clients.body.results;
  await plane.request('DELETE', `/shop/api-clients/${client.id}`, undefined, token);
  await stream.ended;

  expect(stream.comments.at(-1)).toBe('The access token is not valid any more.');
});

test('it ends when the Deployment is deleted, and says that nothing more will come', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using stream = await follow(plane, token);
  await plane.logs.append([line('last words')]);
  await plane.store.commit([{ kind: 'delete-deployment', id, keepAddresses: false }]);
  await stream.ended;

  expect(stream.events.map(({ event, data }) => [event, data.reason])).toEqual([
    ['log', undefined],
    ['end', 'deleted'],
  ]);
  expectDescribed('streamDeploymentLogs', stream.events);
});

test('it ends when the server stops, at once', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using stream = await follow(plane, token);
  using slow = await follow(plane, token);
  slow.pause();
  await fill(plane, 30);
  const started = performance.now();
  await plane[Symbol.asyncDispose]();

  expect(performance.now() - started).toBeLessThan(5000);
  await stream.ended;
  expect(stream.comments.at(-1)).toContain('Berth is stopping');
});

test('a client that has gone frees its place, and one too many is refused', async () => {
  const { plane, token } = await openShop({ streamLimits: { perClient: 2, atOnce: 3 } });
  await using _plane = plane;
  const other = await anotherClient(plane, token);
  const ask = async (bearer: string) => {
    const response = await fetch(`${plane.url}${path}`, {
      headers: { authorization: `Bearer ${bearer}` },
      signal: AbortSignal.timeout(10_000),
    });
    const { status, headers } = response;
    if (status === 200) await response.body?.cancel();
    const body = status === 200 ? undefined : JSON.parse(await response.text());
    return { status, headers, body };
  };
  using _first = await follow(plane, token);
  const second = await follow(plane, token);
  const refused = await ask(token);
  expectErrors(refused, 429, ['TooManyRequests']);
  expect(refused.body.message).toContain('This API client has 2 streams open');
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);

  using _third = await follow(plane, other);
  const full = await ask(other);
  expectErrors(full, 429, ['TooManyRequests']);
  expect(full.body.message).toContain('Too many streams');

  second[Symbol.dispose]();
  await expect.poll(async () => (await ask(token)).status).toBe(200);
});

/** A token of a second API client of the project. */
async function anotherClient(plane: TempPlane, token: string): Promise<string> {
  const draft = { name: 'another', scope: 'view_connectors_deployments:shop' };
  const { body } = await plane.request('POST', '/shop/api-clients', draft, token);
  const answer = await fetch(`${plane.url}/oauth/token?grant_type=client_credentials`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${body.id}:${body.secret}`)}` },
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const largest = 'x'.repeat(64 * 1024);
const linesPerMegabyte = 16;

async function fill({ logs }: TempPlane, megabytes: number): Promise<void> {
  const some = Array.from({ length: linesPerMegabyte }, () => line(largest));
  for (let i = 0; i < megabytes; i += 1) await logs.append(some);
}

test('of what a slow client does not read, the server holds little', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using stream = await follow(plane, token);
  stream.pause();
  const before = plane.sockets.size;
  await fill(plane, 60);
  const [socket] = plane.sockets;
  // It has begun to send, and has stopped because nobody takes it.
  await expect.poll(() => socket?.writableNeedDrain).toBe(true);
  await expect.poll(() => socket?.writableLength).toBeGreaterThan(0);
  const held = socket?.writableLength ?? 0;

  expect(before).toBe(1);
  expect(held).toBeLessThan(1024 * 1024);
  stream.resume();
  const events = await stream.count(60 * linesPerMegabyte);
  expect(events.every(({ data }) => data.details.message === largest)).toBe(true);
});

test('a client that takes nothing for too long is dropped, and misses nothing when it comes back', async () => {
  const { plane, token } = await openShop({ streamLimits: { stalledMs: 100, perClient: 1 } });
  await using _plane = plane;
  using stream = await follow(plane, token);
  stream.pause();
  await fill(plane, 30);
  await expect.poll(() => plane.sockets.size).toBe(0);
  stream.resume();
  await stream.ended;
  const got = stream.events.length;
  using next = await follow(plane, token, { lastEventId: stream.lastEventId });
  const rest = await next.count(30 * linesPerMegabyte - got);

  expect(got).toBeLessThan(30 * linesPerMegabyte);
  const ids = [...stream.events, ...rest].map((event) => event.id);
  expect(new Set(ids).size).toBe(30 * linesPerMegabyte);
});

test('what cannot be followed is refused as the logs refuse it', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  const refused = async (query: string, code: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${plane.url}${path}${query}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    const answer = {
      status: response.status,
      headers: response.headers,
      body: await response.json(),
    };
    expectErrors(answer, 400, [code]);
  };

  await refused('?applicationName=nobody', 'DeploymentApplicationDoesNotExist');
  await refused('?startDate=2001-01-01', 'DeploymentLogInvalidDate');
  await refused('?startDate=yesterday', 'InvalidQueryParam');
  await refused('?severity=LOUD', 'InvalidQueryParam');
  await refused('', 'InvalidHeader', { 'last-event-id': 'behind the last one' });
  const foreign = await plane.token('foreign');
  const elsewhere = `/foreign/deployments/${id}/logs/stream`;
  expectErrors(await plane.request('GET', elsewhere, undefined, foreign), 404, [
    'ResourceNotFound',
  ]);
});

test('a HEAD request is answered without a stream', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  const { status, headers } = await fetch(`${plane.url}${path}`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${token}` },
  });

  expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
});
