import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, undeploy } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import { pointsOf, replaced, strangeValues } from './bodies.ts';
import { addProject, detailsOf, expectEnvelope, expectErrors } from './support.ts';

/** Prints each message that it gets as a line of JSON. */
const listener = `
require('node:http').createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const envelope = JSON.parse(Buffer.concat(chunks).toString());
    console.log(JSON.stringify({ received: envelope, path: request.url, method: request.method }));
    response.writeHead(204).end();
  });
}).listen(8080);
`;

let berth: Berth;
let repository: TestRepository;
let staged: Answer;
let deployment: Answer;
let topic: string;

beforeAll(async () => {
  const files = tinyConnector({
    listener: { type: 'event', server: listener, spec: { endpoint: '/events/in' } },
    web: {},
  });
  [berth, repository] = await Promise.all([startBerth(), createRepository({ files, tag: 'v1' })]);
  staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  deployment = await deploy(berth, draftOf(staged));
  topic = deployment.body.applications[0].topic;
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

/** As Google's client does towards an emulator: without a token. */
const post = (path: string, body: unknown) => berth.request('POST', path, body, null);
const publish = (messages: unknown, to = topic) =>
  post(`/v1/projects/test-project/topics/${to}:publish`, { messages });

/** As Google's own client reads it, beside Connect's form. */
function expectGoogleError({ body }: Answer, code: number, status: string): void {
  const message = body.errors[0].detailedErrorMessage ?? body.errors[0].message;
  expect(body.error).toMatchObject({ code, status, message: expect.stringContaining(message) });
}

interface Received {
  readonly path: string;
  readonly method: string;
  readonly received: {
    readonly subscription: string;
    readonly message: {
      readonly messageId: string;
      readonly data: string;
      readonly attributes?: Readonly<Record<string, string>>;
      readonly publishTime: string;
    };
  };
}

/** Waits until the application has got the message. */
function receivedAs(messageId: string): Promise<Received> {
  const path = `/test-project/deployments/${deployment.body.id}/logs?applicationName=listener`;
  return vi.waitUntil(
    async () => {
      const { body } = await berth.request('GET', path);
      return body.data
        .map(({ details }: { details: Received }) => details)
        .find((one: Received) => one.received?.message.messageId === messageId);
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe('a published message', () => {
  test('reaches the event application in the envelope of Pub/Sub', async () => {
    const before = Date.now();
    const data = btoa('{"notificationType":"Message","id":1}');
    const { status, body } = await publish([{ data, attributes: { kind: 'order' } }]);
    expect(status).toBe(200);
    expect(body).toEqual({ messageIds: [expect.stringMatching(/./)] });

    const { received, ...request } = await receivedAs(body.messageIds[0]);
    expect(request).toEqual({ path: '/events/in', method: 'POST' });
    expect(received.subscription).toMatch(/^projects\/test-project\/subscriptions\/./);
    expect(received.message).toMatchObject({ data, attributes: { kind: 'order' } });
    expect(Date.parse(received.message.publishTime)).toBeGreaterThanOrEqual(before - 1);
  });

  test('may be one of many, each with an id of its own, in their order', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const { body } = await publish(texts.map((text) => ({ data: btoa(text) })));
    expect(new Set(body.messageIds).size).toBe(20);

    const all = await Promise.all(body.messageIds.map(receivedAs));
    expect(all.map(({ received }) => atob(received.message.data))).toEqual(texts);
  });

  test('may have attributes only, with any name', async () => {
    const attributes = JSON.parse('{"constructor":"a","ключ":"б","":"empty name"}');
    const { body } = await publish([{ attributes }]);

    const { received } = await receivedAs(body.messageIds[0]);
    expect(received.message.attributes).toEqual(attributes);
  });

  test('may be of several megabytes', async () => {
    const data = btoa('x'.repeat(3 * 1024 * 1024));
    const { status, body } = await publish([{ data }]);

    expect([status, body.messageIds?.length]).toEqual([200, 1]);
  });
});

describe('no message is published', () => {
  test.for([
    ['without messages', undefined],
    ['with an empty list', []],
    ['with something else than a list', 'text'],
    ['with neither data nor attributes', [{}]],
    ['with empty data and no attributes', [{ data: '', attributes: {} }]],
    ['with data that is no base64', [{ data: 'not base64!' }]],
    ['with data that is no text', [{ data: { a: 1 } }]],
    ['with attributes that are no text', [{ attributes: { a: 1 } }]],
    ['with too many messages', Array(1001).fill({ data: 'YQ==' })],
    ['with ten times as many', Array(10_001).fill({ data: 'YQ==' })],
    ['with a long attribute', [{ attributes: { a: 'x'.repeat(1025) } }]],
    ['with a long attribute in bytes', [{ attributes: { a: 'é'.repeat(600) } }]],
    ['with a long attribute name', [{ attributes: { ['x'.repeat(257)]: 'a' } }]],
    [
      'with too many attributes',
      [{ attributes: Object.fromEntries(Array.from({ length: 101 }, (_, key) => [key, ''])) }],
    ],
  ] as const)('%s', async ([, messages]) => {
    const answer = await publish(messages);

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)[0]?.length).toBeLessThan(1100);
    expectGoogleError(answer, 400, 'INVALID_ARGUMENT');
  });

  test('where one of several is wrong', async () => {
    const answer = await publish([{ data: 'YQ==' }, { data: '!' }, { data: 'YQ==' }, {}]);

    expectErrors(answer, 400, ['InvalidJsonInput', 'InvalidJsonInput']);
    expect(detailsOf(answer).map((detail) => detail.split(':')[0])).toEqual([
      'messages.1.data',
      'messages.3',
    ]);
  });

  test('of more than ten megabytes', async () => {
    const answer = await publish([{ data: 'A'.repeat(11 * 1024 * 1024) }]);

    expectErrors(answer, 400, ['InvalidJsonInput']);
    expectGoogleError(answer, 400, 'INVALID_ARGUMENT');
  });

  test('to a topic that does not exist', async () => {
    for (const name of ['nothing', 'event-000000000000000000000000', '__proto__', 'a%2Fb']) {
      const answer = await publish([{ data: 'YQ==' }], name);
      expectErrors(answer, 404, ['ResourceNotFound']);
      expectGoogleError(answer, 404, 'NOT_FOUND');
    }
  });

  test('to an application of another type', async () => {
    const label = await (
      await fetch(`${deployment.body.applications[1].url}/env/K_SERVICE`)
    ).text();
    expect(label).toMatch(/^service-/);

    expectErrors(await publish([{ data: 'YQ==' }], label), 404, ['ResourceNotFound']);
  });

  test('in the name of another project', async () => {
    await addProject(berth, 'other-project');
    const path = `/v1/projects/other-project/topics/${topic}:publish`;

    expectErrors(await post(path, { messages: [{ data: 'YQ==' }] }), 404, ['ResourceNotFound']);
  });

  test('with another verb, or with none', async () => {
    for (const end of [topic, `${topic}:pull`, `${topic}:publish:publish2`, ':publish']) {
      const path = `/v1/projects/test-project/topics/${end}`;
      expectErrors(await post(path, { messages: [{ data: 'YQ==' }] }), 400, ['InvalidPathParam']);
    }
  });

  test('to the topic of a deployment that has been deleted', async () => {
    const made = await deploy(berth, draftOf(staged));
    const gone = made.body.applications[0].topic;
    expect((await publish([{ data: 'YQ==' }], gone)).status).toBe(200);
    await undeploy(berth, made.body.id);

    expectErrors(await publish([{ data: 'YQ==' }], gone), 404, ['ResourceNotFound']);
  });
});

test('what is dead is delivered again for no one without a token, though anybody may publish', async () => {
  const path = `/v1/projects/test-project/topics/${topic}:redeliver`;

  const refused = await post(path, {});
  expectErrors(refused, 401, ['AuthenticationError']);
  expectGoogleError(refused, 401, 'UNAUTHENTICATED');
  expect(await berth.request('POST', path, {})).toMatchObject({
    status: 200,
    body: { messageIds: [] },
  });
});

test('a value of any kind, anywhere in what is published, is taken or refused', async () => {
  const messages = [{ data: 'YQ==', attributes: { a: 'b' } }];
  for (const point of pointsOf(messages)) {
    for (const value of strangeValues) {
      const answer = await publish(replaced(messages, point, value));
      if (answer.status !== 200) expectEnvelope(answer);
    }
  }
});
