import { expect, test } from 'vitest';
import type { OperationState } from '../../src/core/operation.ts';
import type { ReportEntry } from '../../src/core/report.ts';
import type { Change } from '../../src/ports/store.ts';
import { openConnectorWorld } from '../support/connector-world.ts';
import type { ControlPlaneOptions } from '../support/control-plane.ts';
import { expectDescribed } from '../support/described-events.ts';
import {
  type EventStreamClient,
  openEventStream,
  type StreamEvent,
} from '../support/event-stream.ts';
import { deployment, operation } from '../support/records.ts';
import { openTempPlane, type TempPlane } from '../support/temp-plane.ts';
import { expectErrors } from './support.ts';

const operationId = '5d0b5f9e-2a52-4a53-8f0c-3c1f9d2a7b10';
const deploymentId = '6f1f7f0e-3e0c-4a8a-9d61-5f3f0f2b7c11';
const path = `/shop/operations/${operationId}/events`;

/** A plane with one operation, which the test works on as a worker would. */
async function openShop(options: ControlPlaneOptions = {}) {
  const plane = await openTempPlane(options);
  const token = await plane.token('shop');
  const input = { deploymentId, version: 1, reportId: 'report', skipScripts: false } as const;
  await plane.store.commit([
    { kind: 'insert-deployment', record: deployment({ id: deploymentId, projectKey: 'shop' }) },
    {
      kind: 'insert-operation',
      operation: operation(operationId, {
        projectKey: 'shop',
        input: { kind: 'deploy', ...input },
      }),
    },
  ]);
  return { plane, token };
}

const follow = (
  { url }: TempPlane,
  token: string,
  lastEventId?: string,
): Promise<EventStreamClient> =>
  openEventStream(`${url}${path}`, {
    authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  });

async function claim({ store }: TempPlane): Promise<void> {
  await store.operations.claim({ worker: 'one', now: Date.now(), leaseUntil: 0 });
}

const begin = (step: string): Change => ({
  kind: 'begin-step',
  operationId,
  step,
  startedAt: Date.now(),
});

/** The step's end and its report, as one commit brings them. */
const end = (step: string): readonly Change[] => [
  { kind: 'put-entries', reportId: 'report', step, entries: [entry(`${step} is done`)] },
  {
    kind: 'put-step',
    operationId,
    step: { name: step, result: null },
    finishedAt: Date.now(),
  },
];

const finish = (state: OperationState, step: string): readonly Change[] => [
  { kind: 'put-entries', reportId: 'report', step, entries: [entry('That was all')] },
  { kind: 'finish-operation', operationId, state, finishedAt: Date.now() },
];

function entry(title: string): ReportEntry {
  return { type: 'Information', title, createdAt: new Date().toISOString() };
}

/** In a few words. */
function tell({ event, data }: StreamEvent): string {
  if (event === 'end') return `end: ${data.reason}`;
  if (event === 'operation') return `operation ${data.state}, ${data.steps.length} steps`;
  const titles = data.entries.map(({ title }: ReportEntry) => title).join();
  return [event, data.name, data.state, titles].filter(Boolean).join(' ');
}

/** Everything that happens to an operation in a while, each with what is told of it. */
const life: readonly (readonly [
  happen: (plane: TempPlane) => Promise<void>,
  ...told: readonly string[],
])[] = [
  [claim, 'state running'],
  [({ store }) => store.commit([begin('fetch')]), 'step-started fetch running'],
  [
    ({ store }) => store.commit([...end('fetch'), begin('build/a'), begin('build/b')]),
    'step-ended fetch succeeded fetch is done',
    'step-started build/a running',
    'step-started build/b running',
  ],
  // The later one ends first.
  [({ store }) => store.commit(end('build/b')), 'step-ended build/b succeeded build/b is done'],
  // Its worker dies, and the next one does again what had not ended.
  [claim, 'state running'],
  [({ store }) => store.commit([begin('build/a')]), 'step-started build/a running'],
  [
    ({ store }) =>
      store.commit([
        {
          kind: 'request-cancel',
          projectKey: 'shop',
          operationId,
          request: { at: Date.now(), by: 'somebody' },
        },
      ]),
    'state running',
  ],
  [
    ({ store }) => store.commit(finish('cancelled', 'operation')),
    'step-ended build/a cancelled',
    'state cancelled That was all',
    'end: finished',
  ],
];

test('everything that happens is sent as it happens, and then the stream ends', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using stream = await follow(plane, token);
  await stream.count(1);
  const expected = ['operation queued, 0 steps'];
  for (const [happen, ...told] of life) {
    await happen(plane);
    expected.push(...told);
    expect((await stream.count(expected.length)).map(tell)).toEqual(expected);
  }
  await stream.ended;

  expectDescribed('streamOperation', stream.events);
  const states = stream.events.filter(({ event }) => event === 'state').map(({ data }) => data);
  expect(states.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 2]);
  expect(states.map((data) => data.cancelRequest?.clientId)).toEqual([
    undefined,
    undefined,
    'somebody',
    'somebody',
  ]);
  const ended = stream.events.findLast(({ event }) => event === 'step-ended')?.data;
  const { body } = await plane.request('GET', path.slice(0, -7), undefined, token);
  expect(body.steps).toContainEqual(ended);
  const { steps, ...rest } = body;
  expect(states.at(-1)).toEqual(rest);
});

test('wherever the connection breaks, the next one goes on behind it', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using whole = await follow(plane, token);
  await whole.count(1);
  const expected = ['operation queued, 0 steps'];
  for (const [happen, ...told] of life) {
    await happen(plane);
    expected.push(...told);
    await whole.count(expected.length);
  }
  await whole.ended;

  // What a later attempt did again is told as it was done last.
  const superseded = new Set([1, 4]);
  for (const [position, { id }] of whole.events.entries()) {
    using rest = await follow(plane, token, id);
    await rest.ended;
    const isLast = position === whole.events.length - 1;
    const missing = whole.events.filter((_, at) => at > position && !superseded.has(at));
    const wanted = isLast ? whole.events.slice(-1) : missing;
    expect(rest.events.map(tell), `behind ${id}`).toEqual(wanted.map(tell));
    expect(rest.events.map((event) => event.id)).toEqual(wanted.map((event) => event.id));
  }
});

test('one that has ended is told whole, and the stream ends', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  for (const [happen] of life) await happen(plane);
  using stream = await follow(plane, token);
  await stream.ended;

  expect(stream.events.map(tell)).toEqual(['operation cancelled, 3 steps', 'end: finished']);
  const { body } = await plane.request('GET', path.slice(0, -7), undefined, token);
  expect(stream.events[0]?.data).toEqual(body);
  using unknown = await follow(plane, token, '4711.0');
  await unknown.ended;
  expect(unknown.events).toEqual(stream.events);
});

test('one that is forgotten ends its stream', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  using stream = await follow(plane, token);
  await stream.count(1);
  await plane.store.commit([{ kind: 'delete-deployment', id: deploymentId, keepAddresses: false }]);
  await stream.ended;

  expect(stream.events.map(tell)).toEqual(['operation queued, 0 steps', 'end: deleted']);
  expectDescribed('streamOperation', stream.events);
});

test('a stream that ends for another reason says that there may be more', async () => {
  const { plane, token } = await openShop({ streamLimits: { lifetimeMs: 100 } });
  await using _plane = plane;
  using stream = await follow(plane, token);
  await stream.ended;

  expect(stream.events.map(tell)).toEqual(['operation queued, 0 steps']);
  expect(stream.comments.at(-1)).toContain('Come back with Last-Event-ID');
});

test('whoever comes at any moment of a real operation sees every step of it', async () => {
  await using world = await openConnectorWorld();
  const { plane } = world;
  const shop = await world.as('real-shop');
  const token = await plane.token('real-shop');
  const { hostname, port } = await plane.listen();
  const staged = await shop.create();
  await shop.update(staged, { action: 'updatePreviewable' });
  const { body } = await shop.get('/real-shop/operations');
  const url = `http://${hostname}:${port}/real-shop/operations/${body.results[0].id}/events`;
  const authorization = `Bearer ${token}`;
  using first = await openEventStream(url, { authorization });
  await first.count(1);
  const work = world.work();
  await first.count(3);
  using second = await openEventStream(url, { authorization });
  await Promise.all([work, first.ended, second.ended]);

  const now = await shop.get(`/real-shop/operations/${body.results[0].id}`);
  expect(now.body.state).toBe('succeeded');
  for (const { events } of [first, second]) {
    const [before] = events;
    const ended = events.filter(({ event }) => event === 'step-ended').map(({ data }) => data);
    const done = before?.data.steps.filter(({ state }: { state: string }) => state !== 'running');
    expect([...done, ...ended]).toEqual(expect.arrayContaining(now.body.steps));
    expect(done.length + ended.length).toBe(now.body.steps.length);
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['state', 'end']);
    expectDescribed('streamOperation', events);
  }
});

test('what is not there, foreign or not allowed is no stream', async () => {
  const { plane, token } = await openShop();
  await using _plane = plane;
  const ask = (at: string, bearer: string) => plane.request('GET', at, undefined, bearer);
  const foreign = await plane.token('foreign');
  const connectors = await plane.tokenWith('shop', ['view_connectors']);

  expectErrors(await ask(path.replace('/shop/', '/foreign/'), foreign), 404, ['ResourceNotFound']);
  expectErrors(await ask(path.replace(operationId, deploymentId), token), 404, [
    'ResourceNotFound',
  ]);
  expectErrors(await ask(path, connectors), 403, ['AuthorizationError']);
  const response = await fetch(`${plane.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'last-event-id': '1' },
  });
  expect([response.status, (await response.text()).includes('InvalidHeader')]).toEqual([400, true]);
});
