import { join } from 'node:path';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bootstrapProject } from '../../../src/control-plane/commands/bootstrap.ts';
import { issueToken, ownTokens } from '../../../src/control-plane/commands/tokens.ts';
import { openGrpcPublisher } from '../../../src/control-plane/grpc/open-grpc-publisher.ts';
import { Failure } from '../../../src/core/failure.ts';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../../src/ports/event-broker.ts';
import { openOwnStore } from '../../support/records-place.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

// The client's own copy of the form, so that it is not Berth's reading that is tested against itself.
const packages = join(import.meta.dirname, '../../../node_modules');
const google = loadPackageDefinition(
  loadSync('google/pubsub/v1/pubsub.proto', {
    includeDirs: ['@google-cloud/pubsub', 'google-gax'].map((name) =>
      join(packages, name, 'build/protos'),
    ),
  }),
)['google'];

const clock = { now: () => Date.now() };
const topic = 'event-abc';
const name = `projects/shop/topics/${topic}`;
const data = Buffer.from('hello');

async function openWorld(
  options: {
    readonly openPublishing?: boolean;
    readonly maxBytes?: number;
    readonly wrap?: (broker: EventBroker) => EventBroker;
    readonly drainMs?: number;
  } = {},
) {
  const folder = await makeTempFolder();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const store = stack.use(await openOwnStore(join(folder, 'store.db')));
  for (const projectKey of ['shop', 'other'])
    await bootstrapProject(
      { store, clock },
      { projectKey, clientId: `of-${projectKey}`, clientSecret: 'secret' },
    );
  await store.commit(
    [topic, 'service-abc'].map((hostLabel) => ({
      kind: 'put-address',
      address: {
        ...{ hostLabel, projectKey: 'shop', deploymentId: 'deployment' },
        ...{ applicationName: hostLabel, state: 'wanted' },
      },
    })),
  );
  const { maxBytes } = options;
  const broker = stack.use(
    await openEmbeddedBroker({
      file: join(folder, 'events.db'),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }),
  );
  const publisher = stack.use(
    await openGrpcPublisher(
      {
        ...{ store, clock, tokens: ownTokens({ store, clock }) },
        events: options.wrap?.(broker) ?? broker,
        openPublishing: options.openPublishing ?? true,
      },
      {
        ...{ host: '127.0.0.1', port: 0, logger: pino({ level: 'silent' }) },
        ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
      },
    ),
  );
  const token = async (projectKey: string, scopes: readonly string[]): Promise<string> => {
    const client = await store.projects.client(`of-${projectKey}`);
    if (client === undefined) throw new Error('No client');
    return issueToken({ store, clock }, client, { scopes, lifetimeSeconds: 600 });
  };
  return { broker, publisher, token, ask: openClient(publisher.port) };
}

/** What the call was answered, or the status that it was refused with. */
function openClient(port: number) {
  // biome-ignore lint/suspicious/noExplicitAny: what is loaded from a file has no type
  const { Publisher } = (google as any).pubsub.v1;
  const client: Client & Record<string, unknown> = new Publisher(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
    { 'grpc.max_send_message_length': -1 },
  );
  onTestFinished(() => client.close());
  return (method: string, request: unknown, token?: string) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the server sent
    return new Promise<any>((resolve) => {
      const call = client[method] as (...given: unknown[]) => void;
      call.call(client, request, metadata, (error: ServiceError | null, answer: unknown) =>
        resolve(error === null ? answer : { code: error.code, details: error.details }),
      );
    });
  };
}

function claim(broker: EventBroker) {
  return broker.claim({
    topics: [topic],
    limit: 100,
    now: Date.now(),
    leaseUntil: Date.now() + 1e6,
  });
}

test('messages are published as they are, and each gets an id', async () => {
  const { broker, ask } = await openWorld();
  const messages = [
    { data, attributes: { kind: 'order', ключ: '' } },
    { data: Buffer.from([0, 255, 128]) },
    { attributes: { only: 'attributes' } },
  ];
  const { messageIds } = await ask('publish', { topic: name, messages });
  expect(await claim(broker)).toMatchObject([
    { id: messageIds[0], data: data.toString('base64'), attributes: messages[0]?.attributes },
    { id: messageIds[1], data: 'AP+A', attributes: {} },
    { id: messageIds[2], data: '', attributes: { only: 'attributes' } },
  ]);
});

test('a topic that is there is found, another one is not', async () => {
  const { ask } = await openWorld();
  expect(await ask('getTopic', { topic: name })).toMatchObject({ name });
  expect(await ask('getTopic', { topic: 'projects/shop/topics/event-none' })).toEqual({
    code: status.NOT_FOUND,
    details: expect.stringContaining('projects/shop/topics/event-none'),
  });
});

describe('what cannot be published is refused with', () => {
  const filler = 'x'.repeat(1100);
  test.for([
    ['no topic', { messages: [{ data }] }, status.INVALID_ARGUMENT, 'projects/{project}/topics'],
    ['a name of another form', { topic, messages: [{ data }] }, status.INVALID_ARGUMENT, 'topic:'],
    ['no messages', { topic: name }, status.INVALID_ARGUMENT, 'messages'],
    ['an empty message', { topic: name, messages: [{}] }, status.INVALID_ARGUMENT, 'messages.0'],
    [
      '10,001 messages',
      { topic: name, messages: Array(10_001).fill({ data }) },
      status.INVALID_ARGUMENT,
      '1000',
    ],
    [
      'a long attribute',
      { topic: name, messages: [{ attributes: { a: filler } }] },
      status.INVALID_ARGUMENT,
      'messages.0.attributes.a',
    ],
    [
      'more than ten megabytes',
      { topic: name, messages: [{ data: Buffer.alloc(10 * 1024 * 1024 + 1) }] },
      status.INVALID_ARGUMENT,
      'bytes of data',
    ],
    [
      'far more than ten megabytes',
      { topic: name, messages: [{ data: Buffer.alloc(12 * 1024 * 1024) }] },
      status.RESOURCE_EXHAUSTED,
      'larger',
    ],
    [
      'the topic of nobody',
      { topic: 'projects/shop/topics/event-none', messages: [{ data }] },
      status.NOT_FOUND,
      'event-none',
    ],
    [
      'an application of another type',
      { topic: 'projects/shop/topics/service-abc', messages: [{ data }] },
      status.NOT_FOUND,
      'service-abc',
    ],
    [
      'another project',
      { topic: `projects/other/topics/${topic}`, messages: [{ data }] },
      status.NOT_FOUND,
      'projects/other',
    ],
  ] as const)('%s', async ([, request, code, details]) => {
    const { broker, ask } = await openWorld();
    const answer = await ask('publish', request);
    expect(answer).toEqual({ code, details: expect.stringContaining(details) });
    expect(await broker.depth(topic)).toEqual({ waiting: 0, dead: 0 });
  });
});

test('what Berth does not do is said to be unimplemented', async () => {
  const { ask } = await openWorld();
  expect(await ask('createTopic', { name })).toMatchObject({ code: status.UNIMPLEMENTED });
  expect(await ask('listTopics', { project: 'projects/shop' })).toMatchObject({
    code: status.UNIMPLEMENTED,
  });
});

test('where not everybody may publish, a token of the project is asked for', async () => {
  const { ask, token } = await openWorld({ openPublishing: false });
  const scopes = (project: string) => [`manage_connectors_deployments:${project}`];
  const codeWith = async (bearer?: string): Promise<unknown> =>
    (await ask('publish', { topic: name, messages: [{ data }] }, bearer)).code;

  expect(await codeWith()).toBe(status.UNAUTHENTICATED);
  expect(await codeWith('wrong')).toBe(status.UNAUTHENTICATED);
  expect(await codeWith(await token('other', scopes('other')))).toBe(status.PERMISSION_DENIED);
  expect(await codeWith(await token('shop', ['view_connectors_deployments:shop']))).toBe(
    status.PERMISSION_DENIED,
  );
  expect(await codeWith(await token('shop', scopes('shop')))).toBeUndefined();
  expect(await ask('getTopic', { topic: name })).toMatchObject({ code: status.UNAUTHENTICATED });
});

test('where there is no room, clients are told to come again', async () => {
  const { ask } = await openWorld({ maxBytes: 256 * 1024 });
  const request = { topic: name, messages: [{ data: Buffer.alloc(300_000) }] };
  expect(await ask('publish', request)).toEqual({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining('the events that wait take all'),
  });
});

test('a bug is an internal error that says nothing of itself', async () => {
  const { ask } = await openWorld({
    wrap: (broker) => ({ ...broker, publish: () => Promise.reject(new TypeError('of undefined')) }),
  });
  const answer = await ask('publish', { topic: name, messages: [{ data }] });
  expect(answer.code).toBe(status.INTERNAL);
  expect(answer.details).not.toContain('undefined');
});

test('a port that is taken is a failure that names the setting', async () => {
  const { publisher } = await openWorld();
  const second = openGrpcPublisher({} as never, {
    ...{ host: '127.0.0.1', port: publisher.port, logger: pino({ level: 'silent' }) },
  });
  await expect(second).rejects.toThrow(Failure);
  await expect(second).rejects.toMatchObject({
    nextStep: expect.stringContaining('BERTH_PUBSUB_PORT'),
  });
});

test('closing lets what is under way end, and does not wait for ever', async () => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { ask, publisher } = await openWorld({
    wrap: (broker) => ({
      ...broker,
      async publish(...given) {
        entered.resolve();
        await gate.promise;
        return broker.publish(...given);
      },
    }),
  });
  const asked = ask('publish', { topic: name, messages: [{ data }] });
  await entered.promise;
  const closed = publisher[Symbol.asyncDispose]();
  gate.resolve();
  expect((await asked).messageIds).toHaveLength(1);
  await closed;
});

test('closing ends what does not end by itself', async () => {
  const entered = Promise.withResolvers<void>();
  const { ask, publisher } = await openWorld({
    drainMs: 50,
    wrap: (broker) => ({
      ...broker,
      publish() {
        entered.resolve();
        return new Promise(() => undefined);
      },
    }),
  });
  const asked = ask('publish', { topic: name, messages: [{ data }] });
  await entered.promise;
  await publisher[Symbol.asyncDispose]();
  expect((await asked).code).toBeGreaterThan(0);
});
