import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { pubsubOutside } from '../support/pubsub-outside.ts';
import { failure, type PubsubStandIn, startPubsubStandIn } from '../support/pubsub-stand-in.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** Prints what it gets, and refuses what says "poison". */
const listener = `
require('node:http').createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const received = JSON.parse(Buffer.concat(chunks).toString());
    console.log(JSON.stringify({ received }));
    const isPoison = Buffer.from(received.message.data, 'base64').toString() === 'poison';
    response.writeHead(isPoison ? 500 : 204).end();
  });
}).listen(8080);
`;

/** As the official template's script, which registers a Subscription with these. */
const script = `
const names = ['CONNECT_SUBSCRIPTION_DESTINATION', 'CONNECT_GCP_PROJECT_ID', 'CONNECT_GCP_TOPIC_NAME'];
console.log(JSON.stringify({ told: names.map((name) => process.env[name]) }));
`;

describe('with a Google Cloud project', () => {
  let google: PubsubStandIn;
  let outside: ReturnType<typeof pubsubOutside>;
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  let topic: string;

  beforeAll(async () => {
    google = await startPubsubStandIn();
    outside = pubsubOutside(google.url, 'berth-test');
    const files = tinyConnector({
      listener: {
        type: 'event',
        server: listener,
        files: { 'script.cjs': script },
        spec: {
          scripts: { postDeploy: 'node script.cjs' },
          retryPolicy: {
            strategy: 'exponential-backoff',
            minBackoffSeconds: 1,
            maxBackoffSeconds: 1,
            maxAttempts: 5,
          },
        },
      },
      web: {},
    });
    [berth, repository] = await Promise.all([
      startBerth({
        environment: { BERTH_PUBSUB_PROJECT_ID: 'berth-test', BERTH_PUBSUB_ENDPOINT: google.url },
      }),
      createRepository({ files, tag: 'v1' }),
    ]);
    const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    deployment = await deploy(berth, draftOf(staged, { key: 'bridged' }));
    topic = deployment.body.applications[0].topic;
  });

  afterAll(async () => {
    await berth?.[Symbol.asyncDispose]();
    await repository?.remove();
    await google?.[Symbol.asyncDispose]();
  });

  const log = () => readLog(berth, deployment.body.id, 'listener');
  const reportOf = ({ body }: Answer) => JSON.stringify(body.details.build.report.entries);

  test('a deploy makes topic and subscription, and its script is told them', async () => {
    expect(deployment.body.status).toBe('Deployed');
    expect([...google.topics.keys()]).toEqual([`projects/berth-test/topics/${topic}`]);
    expect([...google.subscriptions.keys()]).toEqual([
      `projects/berth-test/subscriptions/${topic}`,
    ]);
    expect(reportOf(deployment)).toContain(`projects/berth-test/topics/${topic}`);
    expect(JSON.stringify(await log())).toContain(
      JSON.stringify({ told: ['GoogleCloudPubSub', 'berth-test', topic] }),
    );
  });

  test('what is published there reaches the application, in Google’s own envelope', async () => {
    const data = btoa('{"notificationType":"Message"}');
    const [id] = await outside.publish(topic, [{ data, attributes: { kind: 'order' } }]);
    const received = await receivedAs(id);
    const { publishTime } = received.message;
    expect(received).toEqual({
      subscription: `projects/berth-test/subscriptions/${topic}`,
      message: {
        ...{ data, attributes: { kind: 'order' }, messageId: id, message_id: id },
        ...{ publishTime, publish_time: publishTime },
      },
    });
    await expect
      .poll(() => google.subscriptions.get(`projects/berth-test/subscriptions/${topic}`)?.messages)
      .toEqual([]);
  });

  test('what the application refuses is a dead letter like any other', async () => {
    const [id] = await outside.publish(topic, [{ data: btoa('poison') }]);
    await receivedAs(id);
    const path = '/test-project/deployments/key=bridged/dead-letters';
    await expect.poll(async () => (await berth.request('GET', path)).body.total).toBe(1);
  });

  test('a redeploy that Google refuses fails with the next step, and events go on arriving', async () => {
    google.answerWith(({ method, path }) =>
      method === 'PUT' && path.includes('/topics/')
        ? failure(403, 'PERMISSION_DENIED', 'User not authorized to perform this action.')
        : undefined,
    );
    expect((await redeploy(berth, deployment)).status).toBe(201);
    const failed = await settleDeployment(berth, deployment.body.id);
    google.answerWith(undefined);
    expect(failed.body.status).toBe('Failed');
    expect(reportOf(failed)).toContain('User not authorized to perform this action.');
    expect(reportOf(failed)).toContain('roles/pubsub.admin');
    const [id] = await outside.publish(topic, [{ data: btoa('still') }]);
    await receivedAs(id);
  });

  test('an outage of Google is named in the report, and so is its end', async () => {
    google.answerWith(({ path }) =>
      path.endsWith(':pull')
        ? failure(403, 'PERMISSION_DENIED', 'Somebody took it away.')
        : undefined,
    );
    const path = `/test-project/deployments/${deployment.body.id}`;
    const report = async () => reportOf(await berth.request('GET', path));
    await expect.poll(report, { timeout: 120_000 }).toContain('Somebody took it away.');
    google.answerWith(undefined);
    await expect.poll(report, { timeout: 120_000 }).toContain('They arrive again.');
  });

  test('an undeploy deletes topic and subscription', async () => {
    await undeploy(berth, deployment.body.id);
    expect([...google.topics.keys(), ...google.subscriptions.keys()]).toEqual([]);
  });

  async function receivedAs(id: string | undefined) {
    return vi.waitUntil(
      async () => {
        const lines = (await log()) as readonly { details: { received?: Envelope } }[];
        return lines
          .map(({ details }) => details.received)
          .find((one) => one?.message.messageId === id);
      },
      { timeout: 60_000, interval: 100 },
    );
  }
});

interface Envelope {
  readonly subscription: string;
  readonly message: { readonly messageId: string; readonly publishTime: string };
}
