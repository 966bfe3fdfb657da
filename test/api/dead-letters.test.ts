import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../src/ports/event-broker.ts';
import type { Answer } from '../support/berth.ts';
import { openWorld, type World } from './error-table/world.ts';
import { values } from './shop-connector.ts';
import { detailsOf, expectErrors } from './support.ts';

let world: World;
/** The data plane's view of the topics: here the test is the one that delivers. */
let broker: EventBroker;
let deployment: Answer;
let topic: string;

beforeAll(async () => {
  world = await openWorld();
  broker = await openEmbeddedBroker({ file: join(world.folder, 'events.sqlite') });
  deployment = await world.deployed({
    key: 'listening',
    configurations: [values('handler'), values('pictures')],
  });
  topic = deployment.body.applications[0].topic;
});

afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

const verb = (name: string, to = topic) => `/v1/projects/${world.project}/topics/${to}:${name}`;
const letters = (query = '', ref = 'key=listening') =>
  world.get(`${world.deploymentPath(ref)}/dead-letters${query}`);

/** Published over the API, and given up at once. */
async function publishDead(...texts: readonly string[]): Promise<readonly string[]> {
  const messages = texts.map((text) => ({ data: btoa(text), attributes: { kind: 'order' } }));
  const { body } = await world.post(verb('publish'), { messages });
  for (const message of await deliver()) {
    const { id, attempt } = message;
    await broker.settle([
      { id, attempt, outcome: 'dead', at: Date.now(), reason: 'It answered 500.' },
    ]);
  }
  return body.messageIds;
}

const deliver = () =>
  broker.claim({
    topics: [topic],
    limit: 100,
    now: Date.now(),
    // However slow the machine is: nobody else gets it again.
    leaseUntil: Date.now() + 3_600_000,
  });

describe('what could not be delivered', () => {
  test('is listed with why, by id and by key, in pages', async () => {
    const before = Date.now();
    const ids = await publishDead('one', 'two', 'three');

    const { status, body } = await letters();
    expect([status, body.total, body.count]).toEqual([200, 3, 3]);
    expect(body.results.map((one: { messageId: string }) => one.messageId).toSorted()).toEqual(ids);
    const one = body.results.find((each: { messageId: string }) => each.messageId === ids[0]);
    expect(one).toEqual({
      messageId: ids[0],
      applicationName: 'handler',
      topic,
      data: btoa('one'),
      dataBytes: 3,
      attributes: { kind: 'order' },
      publishTime: expect.stringMatching(/Z$/),
      diedAt: expect.stringMatching(/Z$/),
      deliveryAttempts: 1,
      reason: 'It answered 500.',
    });
    expect(Date.parse(one.publishTime)).toBeGreaterThanOrEqual(before);
    const second = await letters('?limit=1&offset=1', deployment.body.id);
    expect(second.body).toMatchObject({ limit: 1, offset: 1, count: 1, total: 3 });
    expect(second.body.results).toEqual([body.results[1]]);
  });

  test('is that of the applications asked for', async () => {
    await publishDead('other');
    const all = await letters();

    expect((await letters('?applicationName=handler')).body).toEqual(all.body);
    expect((await letters('?applicationName=pictures')).body.total).toBe(0);
    expectErrors(await letters('?applicationName=nobody'), 400, [
      'DeploymentApplicationDoesNotExist',
    ]);
    expectErrors(await letters('?limit=101&offset=-1&applicationName='), 400, [
      'InvalidQueryParam',
      'InvalidQueryParam',
      'InvalidQueryParam',
    ]);
    expectErrors(await letters('', 'key=nothing'), 404, ['ResourceNotFound']);
  });

  test('is delivered again when its topic is asked to, and only that', async () => {
    const [first = '', second = ''] = await publishDead('one', 'two');
    await world.post(verb('publish'), { messages: [{ data: btoa('alive') }] });
    const [alive] = await deliver();

    const asked = { messageIds: [first, alive?.id, '999999'] };
    const again = await world.post(verb('redeliver'), asked);
    expect([again.status, again.body]).toEqual([200, { messageIds: [first], remaining: 0 }]);
    const nothing = { messageIds: [], remaining: 0 };
    expect((await world.post(verb('redeliver'), asked)).body).toEqual(nothing);
    expect(await deliver()).toMatchObject([{ id: first, attempt: 1, data: btoa('one') }]);

    const rest = await world.post(verb('redeliver'), {});
    expect(rest.body.messageIds).toContain(second);
    expect((await letters()).body.total).toBe(0);
  });
});

describe('delivering again', () => {
  /** Dead since these times. */
  async function publishDeadAt(...times: readonly string[]): Promise<readonly string[]> {
    await forgetDelivered();
    const messages = times.map((text) => ({ data: btoa(text) }));
    const { body } = await world.post(verb('publish'), { messages });
    for (const [index, { id, attempt }] of (await deliver()).entries()) {
      const at = Date.parse(times[index] ?? '');
      await broker.settle([{ id, attempt, outcome: 'dead', at, reason: 'It answered 500.' }]);
    }
    return body.messageIds;
  }
  const forgetDelivered = async () => {
    const delivered = await deliver();
    await broker.settle(delivered.map(({ id }) => ({ id, outcome: 'acknowledged' })));
    return delivered.map(({ id }) => id);
  };

  test('is done for what died in a time', async () => {
    const now = Date.now();
    const hoursAgo = (hours: number): string => new Date(now - hours * 3_600_000).toISOString();
    const times = [9, 8, 7, 6].map(hoursAgo);
    const [a, b, c, d] = await publishDeadAt(...times);
    const range = { diedFrom: hoursAgo(8), diedUntil: hoursAgo(6) };
    const first = await world.post(verb('redeliver'), { ...range, limit: 1 });
    expect([first.status, first.body]).toEqual([200, { messageIds: [b], remaining: 1 }]);
    const second = await world.post(verb('redeliver'), range);
    expect(second.body).toEqual({ messageIds: [c], remaining: 0 });
    expect(await forgetDelivered()).toEqual([b, c]);
    const rest = await world.post(verb('redeliver'), { diedUntil: hoursAgo(5) });
    expect(rest.body).toEqual({ messageIds: [a, d], remaining: 0 });
    await forgetDelivered();
  });

  test('is done for all there are, in as many commits as it takes', async () => {
    await forgetDelivered();
    const ids: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { body } = await world.post(verb('publish'), {
        messages: Array(800).fill({ data: btoa('x') }),
      });
      ids.push(...body.messageIds);
    }
    for (let claimed = await deliver(); claimed.length > 0; claimed = await deliver()) {
      const at = Date.now();
      await broker.settle(
        claimed.map(({ id, attempt }) => ({ id, attempt, outcome: 'dead', at, reason: 'No.' })),
      );
    }
    const some = await world.post(verb('redeliver'), { limit: 1500 });
    expect([some.body.messageIds.length, some.body.remaining]).toEqual([1500, 900]);
    const rest = await world.post(verb('redeliver'), { limit: 100_000 });
    expect([rest.body.messageIds.length, rest.body.remaining]).toEqual([900, 0]);
    expect([...some.body.messageIds, ...rest.body.messageIds].toSorted()).toEqual(ids.toSorted());
    while ((await forgetDelivered()).length > 0);
  });

  test.for([
    ['no object', []],
    ['no list', { messageIds: '1' }],
    ['an empty list', { messageIds: [] }],
    ['null', { messageIds: null }],
    ['too many ids', { messageIds: Array(1001).fill('1') }],
    ['no limit', { limit: 0 }],
    ['too high a limit', { limit: 100_001 }],
    ['a limit that is no whole number', { limit: 1.5 }],
    ['no date', { diedFrom: 'yesterday' }],
    ['ids and a time', { messageIds: ['1'], diedUntil: '2026-11-28' }],
  ] as const)('takes no body with %s', async ([, body]) => {
    expectErrors(await world.post(verb('redeliver'), body), 400, ['InvalidJsonInput']);
  });

  test('takes no ids that nobody can have, and names each', async () => {
    const messageIds = ['1', '', '-1', '1e3', '__proto__', '1'.repeat(16), '\ud800'];
    const answer = await world.post(verb('redeliver'), { messageIds });

    expectErrors(answer, 400, Array(6).fill('InvalidJsonInput'));
    expect(detailsOf(answer)[0]).toBe('messageIds.1: Must be the id of a message');
  });

  test('is for those who may manage deployments, and for topics of their project', async () => {
    const foreign = await world.plane.token('foreign-project');
    const reader = await world.plane.tokenWith(world.project, ['view_connectors_deployments']);
    const asked = (token: string, path = verb('redeliver')) =>
      world.request('POST', path, {}, { token });

    expectErrors(await asked('x'), 401, ['invalid_token']);
    expectErrors(await asked(reader), 403, ['AuthorizationError']);
    expectErrors(await asked(foreign), 403, ['AuthorizationError']);
    const path = `/v1/projects/foreign-project/topics/${topic}:redeliver`;
    expectErrors(await asked(foreign, path), 404, ['ResourceNotFound']);
    expectErrors(await world.post(verb('redeliver', 'event-0'), {}), 404, ['ResourceNotFound']);
    expectErrors(await world.post(verb('revive'), {}), 400, ['InvalidPathParam']);
  });
});
