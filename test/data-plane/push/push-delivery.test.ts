import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RetryPolicy } from '../../../src/core/connector-spec.ts';
import type { LocalAddress } from '../../../src/core/local-address.ts';
import { createCaller } from '../../../src/data-plane/connections/callee.ts';
import { createInFlight } from '../../../src/data-plane/connections/in-flight.ts';
import type { PushAttempt } from '../../../src/data-plane/push/deliver.ts';
import {
  openPushDelivery,
  type PushDeliveryOptions,
} from '../../../src/data-plane/push/open-push-delivery.ts';
import type { PushSubscription } from '../../../src/data-plane/push/push-subscription.ts';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../../src/ports/event-broker.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const clock = { now: () => Date.now() };

type Handler = (envelope: Envelope, res: ServerResponse, req: IncomingMessage) => void;

interface Envelope {
  readonly subscription: string;
  readonly message: { readonly data: string; readonly messageId: string };
}

async function openBroker(): Promise<EventBroker> {
  const folder = await makeTempFolder();
  const broker = await openEmbeddedBroker({ file: join(folder, 'events.db') });
  onTestFinished(() => broker[Symbol.asyncDispose]());
  return broker;
}

async function startApplication(handle: Handler) {
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    handle(JSON.parse(`${Buffer.concat(chunks)}`), res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function subscriptionTo(
  address: LocalAddress | undefined,
  more: Partial<PushSubscription> = {},
): PushSubscription {
  return {
    topic: 'topic-1',
    project: 'berth',
    deploymentId: 'deployment-1',
    applicationName: 'event',
    endpoint: '/event',
    releaseId: 'release-1',
    instances: address === undefined ? [] : [{ instanceId: 'instance-1', ...address }],
    sleeps: false,
    ...more,
  };
}

function openDelivery(broker: EventBroker, options: Partial<PushDeliveryOptions> = {}) {
  const attempts: PushAttempt[] = [];
  const awaited: string[] = [];
  const push = openPushDelivery({
    broker,
    clock,
    firstRetryMs: 20,
    pollMs: 100,
    drainMs: 200,
    call: createCaller(createInFlight()),
    onAwaited: ({ topic }) => awaited.push(topic),
    onAttempt: (attempt) => attempts.push(attempt),
    ...options,
  });
  onTestFinished(() => push[Symbol.asyncDispose]());
  return Object.assign(push, { attempts, awaited });
}

function publish(broker: EventBroker, count = 1, topic = 'topic-1') {
  const messages = Array.from({ length: count }, (_, at) => ({
    data: Buffer.from(JSON.stringify({ number: at })).toString('base64'),
    attributes: {},
  }));
  return broker.publish(topic, messages, clock.now());
}

async function isSettled(broker: EventBroker, dead = 0, topic = 'topic-1'): Promise<void> {
  await expect
    .poll(() => broker.depth(topic), { timeout: 60_000, interval: 20 })
    .toEqual({ waiting: 0, dead });
}

/** The whole arrangement around one handler. */
async function deliveryTo(
  handle: Handler,
  options: Partial<PushDeliveryOptions> & { readonly retryPolicy?: RetryPolicy } = {},
) {
  const { retryPolicy, ...more } = options;
  const broker = await openBroker();
  const address = await startApplication(handle);
  const push = openDelivery(broker, more);
  push.applySubscriptions([
    subscriptionTo(address, retryPolicy === undefined ? {} : { retryPolicy }),
  ]);
  return { broker, push, address };
}

test('a message is posted to the endpoint in its envelope and is gone once acknowledged', async () => {
  const seen: unknown[] = [];
  const { broker, push } = await deliveryTo((envelope, res, req) => {
    seen.push([req.method, req.url, req.headers['content-type'], envelope]);
    res.writeHead(204).end();
  });
  const published = clock.now();
  const [id] = await broker.publish(
    'topic-1',
    [{ data: 'aGVsbG8=', attributes: { origin: 'test' } }],
    published,
  );
  await isSettled(broker);
  const publishTime = new Date(published).toISOString();
  const envelope = {
    subscription: 'projects/berth/subscriptions/topic-1',
    message: {
      data: 'aGVsbG8=',
      messageId: id,
      message_id: id,
      publishTime,
      publish_time: publishTime,
      attributes: { origin: 'test' },
    },
  };
  expect(seen).toEqual([['POST', '/event', 'application/json', envelope]]);
  await vi.waitFor(() =>
    expect(push.attempts).toMatchObject([{ messageId: id, attempt: 1, status: 204 }]),
  );
});

test('a message of another broker is called in its envelope what that one calls it', async () => {
  const seen: Envelope[] = [];
  const { broker, push } = await deliveryTo((envelope, res) => {
    seen.push(envelope);
    res.writeHead(204).end();
  });
  const origin = { id: 'of-google', publishTime: Date.parse('2026-11-01T10:00:00.123Z') };
  await broker.receive('topic-1', [{ data: 'aGVsbG8=', attributes: {}, origin }], clock.now());
  await isSettled(broker);
  const publishTime = '2026-11-01T10:00:00.123Z';
  expect(seen.map(({ message }) => message)).toEqual([
    {
      ...{ data: 'aGVsbG8=', messageId: 'of-google', message_id: 'of-google' },
      ...{ publishTime, publish_time: publishTime },
    },
  ]);
  // Its log and the dead letters know it by the id that it has here.
  await vi.waitFor(() => expect(push.attempts).toHaveLength(1));
  expect(push.attempts[0]?.messageId).not.toBe('of-google');
});

test.each([102, 200, 201, 202, 204])('%i acknowledges', async (status) => {
  let deliveries = 0;
  const { broker } = await deliveryTo((_envelope, res) => {
    deliveries++;
    res.writeHead(status).end();
  });
  await publish(broker);
  await isSettled(broker);
  expect(deliveries).toBe(1);
});

test.each([203, 205, 206, 302, 400, 404, 409, 429, 500, 503])(
  '%i does not, and the message comes again',
  async (status) => {
    let deliveries = 0;
    const { broker, push } = await deliveryTo((_envelope, res) => {
      deliveries++;
      res.writeHead(deliveries < 3 ? status : 200).end();
    });
    await publish(broker);
    await isSettled(broker);
    expect(deliveries).toBe(3);
    await vi.waitFor(() => expect(push.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]));
  },
);

test('an application that dies in the middle gets the message again', async () => {
  let deliveries = 0;
  const { broker, push } = await deliveryTo((_envelope, res, req) => {
    if (++deliveries === 1) req.socket.destroy();
    else res.end();
  });
  await publish(broker);
  await isSettled(broker);
  await vi.waitFor(() => expect(push.attempts).toHaveLength(2));
  expect(push.attempts[0]?.error).toBe('It closed the connection before it answered.');
});

test('messages come one after another on the same connections', async () => {
  const connections = new Set<Socket>();
  const { broker } = await deliveryTo(
    (_envelope, res, req) => {
      connections.add(req.socket);
      res.end();
    },
    { concurrency: 4 },
  );
  await publish(broker, 200);
  await isSettled(broker);
  expect(connections.size).toBeLessThanOrEqual(8);
});

test('a connection that the application ends just as a message comes costs no attempt', async () => {
  const used = new Set<Socket>();
  let requests = 0;
  const { broker, push } = await deliveryTo((_envelope, res, req) => {
    requests++;
    if (used.has(req.socket)) req.socket.destroy();
    else res.end();
    used.add(req.socket);
  });
  for (let message = 0; message < 4; message++) {
    await publish(broker);
    await isSettled(broker);
  }
  await vi.waitFor(() => expect(push.attempts).toHaveLength(4));
  for (const attempt of push.attempts) expect(attempt).toMatchObject({ attempt: 1, status: 200 });
  expect(requests).toBe(7);
});

test('messages wait while nothing of the application runs', async () => {
  const broker = await openBroker();
  const push = openDelivery(broker);
  push.applySubscriptions([subscriptionTo(undefined)]);
  await publish(broker, 3);
  let received = 0;
  const address = await startApplication((_envelope, res) => {
    received++;
    res.end();
  });
  expect(await broker.depth('topic-1')).toEqual({ waiting: 3, dead: 0 });
  push.applySubscriptions([subscriptionTo(address)]);
  await isSettled(broker);
  expect(received).toBe(3);
  expect(push.attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
});

test('an application that sleeps is woken for what is due, and for nothing else', async () => {
  const broker = await openBroker();
  const push = openDelivery(broker);
  const sleeping = subscriptionTo(undefined, { sleeps: true });
  push.applySubscriptions([sleeping, { ...sleeping, topic: 'topic-2' }]);
  await publish(broker);
  await expect.poll(() => push.awaited).toContain('topic-1');
  const address = await startApplication((_envelope, res) => void res.end());
  push.applySubscriptions([subscriptionTo(address), { ...sleeping, topic: 'topic-2' }]);
  await isSettled(broker);
  expect(new Set(push.awaited)).toEqual(new Set(['topic-1']));
  expect(push.attempts.map(({ attempt }) => attempt)).toEqual([1]);
});

test('several instances of an application share its messages', async () => {
  const broker = await openBroker();
  const received = [0, 0, 0];
  const instances = await Promise.all(
    received.map(async (_, at) => ({
      instanceId: `instance-${at}`,
      ...(await startApplication((_envelope, res) => {
        received[at] = (received[at] ?? 0) + 1;
        res.end();
      })),
    })),
  );
  openDelivery(broker).applySubscriptions([subscriptionTo(undefined, { instances })]);
  await publish(broker, 300);
  await isSettled(broker);
  for (const count of received) expect(count).toBeGreaterThan(50);
});

test('a topic that is no longer subscribed to is left alone', async () => {
  const { broker, push } = await deliveryTo((_envelope, res) => void res.end());
  await publish(broker);
  await isSettled(broker);
  push.applySubscriptions([]);
  await publish(broker, 1, 'topic-1');
  await publish(broker, 1, 'topic-2');
  push.applySubscriptions([
    subscriptionTo(await startApplication((_envelope, res) => void res.end()), {
      topic: 'topic-2',
    }),
  ]);
  await isSettled(broker, 0, 'topic-2');
  expect((await broker.depth('topic-1')).waiting).toBe(1);
});

test('after its last attempt a message is dead', async () => {
  const { broker, push } = await deliveryTo((_envelope, res) => void res.writeHead(500).end(), {
    // A clock that runs 20 times as fast makes seconds of back-off into a twentieth of them.
    clock: { now: () => Date.now() * 20 },
    ackDeadlineMs: 5_000,
    retryPolicy: {
      strategy: 'exponential-backoff',
      minBackoffSeconds: 1,
      maxBackoffSeconds: 4,
      maxAttempts: 5,
    },
  });
  await broker.publish('topic-1', [{ data: '', attributes: {} }], Date.now() * 20);
  await isSettled(broker, 1);
  expect(push.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 500],
    [2, 500],
    [3, 500],
    [4, 500],
    [5, 500],
  ]);
});

test('a topic whose handler hangs does not hold up another', async () => {
  const broker = await openBroker();
  const hanging = await startApplication(() => undefined);
  const quick = await startApplication((_envelope, res) => void res.end());
  const push = openDelivery(broker);
  push.applySubscriptions([
    subscriptionTo(hanging, { topic: 'poisoned' }),
    subscriptionTo(quick, { topic: 'topic-1' }),
  ]);
  await publish(broker, 200, 'poisoned');
  await publish(broker, 200);
  await isSettled(broker);
  expect((await broker.depth('poisoned')).waiting).toBe(200);
});

test('messages that always fail do not hold up others of their topic', async () => {
  const isPoison = ({ message }: Envelope) => message.data === btoa('poison');
  const received = new Set<string>();
  let refused = 0;
  const { broker } = await deliveryTo(
    (envelope, res) => {
      if (isPoison(envelope)) refused++;
      else received.add(envelope.message.messageId);
      res.writeHead(isPoison(envelope) ? 500 : 204).end();
    },
    { concurrency: 4, retryPolicy: { strategy: 'immediate' } },
  );
  const poison = Array.from({ length: 50 }, () => ({ data: btoa('poison'), attributes: {} }));
  await broker.publish('topic-1', poison, clock.now());
  await expect.poll(() => refused).toBeGreaterThan(50);
  const ids = await publish(broker, 200);
  await expect.poll(() => received.size, { timeout: 60_000 }).toBe(200);
  expect(received).toEqual(new Set(ids));
  await expect.poll(async () => (await broker.depth('topic-1')).waiting).toBe(50);
});

test('at most so many messages of a topic are under way', async () => {
  const held: ServerResponse[] = [];
  let most = 0;
  const { broker } = await deliveryTo(
    (_envelope, res) => {
      most = Math.max(most, held.push(res));
      // A fifth, if there were one, would come before all of these are answered.
      if (held.length === 4) setTimeout(() => held.splice(0).forEach((one) => void one.end()), 10);
    },
    { concurrency: 4 },
  );
  await publish(broker, 40);
  await isSettled(broker);
  expect(most).toBe(4);
});

test('without an answer in time the message comes again, and the first request goes on', async () => {
  const held: ServerResponse[] = [];
  const { broker, push } = await deliveryTo(
    (_envelope, res) => {
      if (held.length === 0) held.push(res);
      else res.end();
    },
    { ackDeadlineMs: 100 },
  );
  await publish(broker);
  await isSettled(broker);
  await vi.waitFor(() => expect(push.attempts).toMatchObject([{ attempt: 2, status: 200 }]));
  expect(held[0]?.destroyed).toBe(false);
  held[0]?.end();
  await vi.waitFor(() => expect(push.attempts).toHaveLength(2));
  expect(push.attempts[1]).toMatchObject({ attempt: 1, status: 200 });
});

test('a late acknowledgement counts while the message was not delivered again', async () => {
  let held: ServerResponse | undefined;
  let deliveries = 0;
  const { broker, push } = await deliveryTo(
    (_envelope, res) => {
      deliveries++;
      held = res;
    },
    { ackDeadlineMs: 50, firstRetryMs: 60_000 },
  );
  await publish(broker);
  await vi.waitFor(() => expect(held).toBeDefined());
  const started = Date.now();
  await vi.waitUntil(() => Date.now() - started > 150);
  expect((await broker.depth('topic-1')).waiting).toBe(1);
  held?.end();
  await isSettled(broker);
  expect([deliveries, push.attempts.length]).toEqual([1, 1]);
});

test('late requests free their slots for others, but not without end', async () => {
  let received = 0;
  const { broker } = await deliveryTo(() => void received++, {
    ackDeadlineMs: 50,
    firstRetryMs: 60_000,
    concurrency: 2,
  });
  await publish(broker, 50);
  await expect.poll(() => received, { timeout: 60_000 }).toBe(8);
  const started = Date.now();
  await vi.waitUntil(() => Date.now() - started > 200);
  expect(received).toBe(8);
});

test('a request without end is given up', async () => {
  const closed = Promise.withResolvers<void>();
  const { broker, push } = await deliveryTo(
    (_envelope, res) => void res.once('close', closed.resolve),
    { ackDeadlineMs: 50, requestLimitMs: 150, firstRetryMs: 60_000 },
  );
  await publish(broker);
  await closed.promise;
  await vi.waitFor(() =>
    expect(push.attempts).toMatchObject([{ error: 'It did not answer within 0.15 s.' }]),
  );
});

test('closing lets deliveries under way finish and hands back those that do not', async () => {
  const received = Promise.withResolvers<void>();
  const { broker, push } = await deliveryTo(
    ({ message }, res) => {
      if (Buffer.from(message.data, 'base64').toString() === '{"number":0}') {
        received.promise.then(() => res.end());
      } else received.resolve();
    },
    { concurrency: 2 },
  );
  await publish(broker, 2);
  await received.promise;
  await push[Symbol.asyncDispose]();
  expect((await broker.depth('topic-1')).waiting).toBe(1);
  const [again] = await broker.claim({
    topics: ['topic-1'],
    limit: 10,
    now: clock.now(),
    leaseUntil: clock.now() + 1_000,
  });
  expect(again?.attempt).toBe(2);
});

test('2,000 messages arrive, each at least once', async () => {
  const seen = new Set<string>();
  const { broker } = await deliveryTo(({ message }, res) => {
    seen.add(message.messageId);
    res.end();
  });
  const ids = (await Promise.all([1, 2, 3, 4].map(() => publish(broker, 500)))).flat();
  await isSettled(broker);
  expect(seen).toEqual(new Set(ids));
});

test('two deliverers share the messages, and none is delivered twice', async () => {
  const broker = await openBroker();
  const deliveries: string[] = [];
  const address = await startApplication(({ message }, res) => {
    deliveries.push(message.messageId);
    res.end();
  });
  for (const push of [openDelivery(broker), openDelivery(broker)]) {
    push.applySubscriptions([subscriptionTo(address)]);
  }
  const ids = await publish(broker, 300);
  await isSettled(broker);
  expect(deliveries.toSorted()).toEqual([...ids].toSorted());
});

test('what was claimed for an application that has become slow goes to another one, and has used up no attempt', async () => {
  let answered = 0;
  const { broker } = await deliveryTo(
    (_envelope, res) => {
      if (answered++ < 400) res.end();
    },
    { concurrency: 2 },
  );
  const ids = await publish(broker, 600);
  await expect.poll(() => answered).toBe(402);
  const seen = new Set<string>();
  const other = openDelivery(broker);
  other.applySubscriptions([
    subscriptionTo(
      await startApplication(({ message }, res) => {
        seen.add(message.messageId);
        res.end();
      }),
    ),
  ]);
  await expect.poll(() => seen.size).toBe(ids.length - 402);
  expect(new Set(other.attempts.map(({ attempt }) => attempt))).toEqual(new Set([1]));
});

test('large messages are taken as long as there are slots, and hold up no others', async () => {
  const received: string[] = [];
  const broker = await openBroker();
  const address = await startApplication(({ subscription }) => void received.push(subscription));
  await Promise.all([
    ...Array.from({ length: 8 }, () => {
      const data = Buffer.alloc(9 * 1024 * 1024).toString('base64');
      return broker.publish('large', [{ data, attributes: {} }], clock.now() - 1_000);
    }),
    publish(broker, 1, 'small'),
  ]);
  // Nobody answers, nothing is ever late, and nobody looks by himself.
  const push = openDelivery(broker, { pollMs: 600_000, ackDeadlineMs: 600_000, drainMs: 0 });
  push.applySubscriptions(['large', 'small'].map((topic) => subscriptionTo(address, { topic })));
  await expect.poll(() => received.length, { timeout: 60_000 }).toBe(9);
});

test('nothing to do is little work', async () => {
  const broker = await openBroker();
  let claims = 0;
  const counting: EventBroker = {
    ...broker,
    claim(request) {
      claims++;
      return broker.claim(request);
    },
  };
  const address = await startApplication((_envelope, res) => void res.end());
  const push = openDelivery(counting, { pollMs: 60_000 });
  push.applySubscriptions(
    Array.from({ length: 500 }, (_, at) => subscriptionTo(address, { topic: `topic-${at}` })),
  );
  await publish(broker, 1, 'topic-7');
  await isSettled(broker, 0, 'topic-7');
  const started = Date.now();
  await vi.waitUntil(() => Date.now() - started > 300);
  expect(claims).toBeLessThan(15);
});
