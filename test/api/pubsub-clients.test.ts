import { PubSub } from '@google-cloud/pubsub';
import { OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** Google's own client, in both of its languages, against a whole Berth. */
const listener = `
require('node:http').createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    console.log(JSON.stringify({ received: JSON.parse(Buffer.concat(chunks).toString()).message }));
    response.writeHead(204).end();
  });
}).listen(8080);
`;

let berth: Berth;
let repository: TestRepository;
let deployment: Answer;
let topic: string;

beforeAll(async () => {
  // Nobody's credentials are looked for.
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const files = tinyConnector({ listener: { type: 'event', server: listener } });
  [berth, repository] = await Promise.all([
    startBerth({ environment: { BERTH_PUBSUB_PORT: '0' } }),
    createRepository({ files, tag: 'v1' }),
  ]);
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  deployment = await deploy(berth, draftOf(staged));
  topic = deployment.body.applications[0].topic;
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

function grpcAddress(): string {
  const line = berth.output.findLast((one) => one.includes('PUBSUB_EMULATOR_HOST='));
  return line?.split('PUBSUB_EMULATOR_HOST=')[1] ?? '';
}

/** As a client with `PUBSUB_EMULATOR_HOST` in its environment. */
function overGrpc(): PubSub {
  return new PubSub({
    projectId: berth.projectKey,
    apiEndpoint: grpcAddress(),
    emulatorMode: true,
  });
}

async function overRest(): Promise<PubSub> {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: await berth.token(), expiry_date: Date.now() + 1e6 });
  const { hostname, port } = new URL(berth.api);
  return new PubSub({
    projectId: berth.projectKey,
    apiEndpoint: `${hostname}:${port}`,
    // The options of its REST mode are those of the library below it.
    ...({ authClient, fallback: true, protocol: 'http', port: Number(port) } as object),
  });
}

/** The texts of these messages, once the application has got all of them. */
async function received(ids: readonly string[]): Promise<readonly string[]> {
  return vi.waitUntil(
    async () => {
      const lines = await readLog(berth, deployment.body.id, 'listener');
      const texts = new Map(lines.map(({ details }) => textOf(details['received'] as Message)));
      return ids.every((id) => texts.has(id)) && ids.map((id) => texts.get(id) ?? '');
    },
    { timeout: 60_000, interval: 100 },
  );
}

type Message = { readonly messageId: string; readonly data: string } | undefined;

function textOf(message: Message): readonly [string, string] {
  return [message?.messageId ?? '', Buffer.from(message?.data ?? '', 'base64').toString()];
}

test.for([
  ['gRPC', async () => overGrpc()],
  ['REST', overRest],
] as const)('the stock client publishes over %s, one by one and in batches', async ([, open]) => {
  const client = await open();
  const texts = Array.from({ length: 25 }, (_, number) => `Grüße ${number}`);
  const ids = await Promise.all(
    texts.map((text) =>
      client
        .topic(topic)
        .publishMessage({ data: Buffer.from(text), attributes: { kind: 'order' } }),
    ),
  );
  expect(await received(ids)).toEqual(texts);
  await client.close();
});

test('the stock client learns over gRPC which topics there are', async () => {
  const client = overGrpc();
  expect(await client.topic(topic).exists()).toEqual([true]);
  expect(await client.topic('event-none').exists()).toEqual([false]);
  await client.close();
});

test('who publishes over gRPC finds the same port after the control plane was killed', async () => {
  const address = grpcAddress();
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  const before = berth.pidOf('control');
  await berth.kill('control');
  await expect.poll(() => berth.pidOf('control')).not.toBe(before);
  const client = overGrpc();
  const id = await client.topic(topic).publishMessage({ data: Buffer.from('again') });
  expect(await received([id])).toEqual(['again']);
  await client.close();
});
