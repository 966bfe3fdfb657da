import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { isAlive } from '../support/processes.ts';
import { ask } from '../support/request-loop.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** What the event application has received lies outside of its process, which is killed. */
const eventServer = `
const http = require('node:http');
const fs = require('node:fs');
http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { message } = JSON.parse(Buffer.concat(chunks).toString());
    fs.appendFileSync(process.env.RECEIVED, Buffer.from(message.data, 'base64') + '\\n');
    response.writeHead(204).end();
  });
}).listen(8080);
`;

describe('kill -9 of the data plane', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  let url: string;
  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({
        app: {},
        handler: {
          type: 'event',
          server: eventServer,
          spec: {
            configuration: {
              standardConfiguration: [
                {
                  key: 'RECEIVED',
                  description: 'A file',
                  default: `${berth.dataDirectory}/received.txt`,
                },
              ],
            },
          },
        },
        assets: {
          type: 'assets',
          packageScripts: { build: 'mkdir public && echo hello > public/hello.txt' },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = draftOf(connector);
    const configurations = draft.configurations.map((one: { applicationName: string }) =>
      // The other one sleeps until it is asked for.
      one.applicationName === 'handler' ? { ...one, minInstances: 1 } : one,
    );
    deployment = await deploy(berth, { ...draft, configurations });
    url = deployment.body.applications[0].url;
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('ends the instances of the killed one, and the applications answer again at the same URLs', async () => {
    const before = await workProcessesOf(berth.dataDirectory);
    expect(before).toHaveLength(2);
    const killedAt = performance.now();
    await berth.kill('data');
    await expect.poll(async () => (await ask(url)).status, { timeout: 60_000 }).not.toBe(200);
    await expect.poll(async () => (await ask(url)).status, { timeout: 60_000 }).toBe(200);

    expect(performance.now() - killedAt).toBeLessThan(10_000);
    expect(before.filter(({ pid }) => isAlive(pid))).toEqual([]);
    await expect.poll(() => workProcessesOf(berth.dataDirectory)).toHaveLength(2);
    expect(await workFoldersOf(berth.dataDirectory)).toHaveLength(4);
    expect((await ask(`${deployment.body.applications[2].url}/hello.txt`)).body).toBe('hello\n');
    const now = await berth.request('GET', `/test-project/deployments/${deployment.body.id}`);
    expect(now.body).toEqual(deployment.body);
  });

  test('loses no message: what was published before and meanwhile is delivered after it', async () => {
    const topic = deployment.body.applications[1].topic;
    const publish = async (text: string) => {
      const path = `/v1/projects/test-project/topics/${topic}:publish`;
      const answer = await berth.request('POST', path, { messages: [{ data: btoa(text) }] });
      expect(answer.status).toBe(200);
    };
    const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
    for (const text of texts.slice(0, 30)) await publish(text);
    await berth.kill('data');
    for (const text of texts.slice(30)) await publish(text);

    const received = async () => {
      const lines = (await readFile(`${berth.dataDirectory}/received.txt`, 'utf8')).split('\n');
      return texts.filter((text) => !lines.includes(text));
    };
    await expect.poll(received, { timeout: 40_000 }).toEqual([]);
  });

  test('during a deployment lets the deployment go on', async () => {
    const created = await berth.request('POST', '/test-project/deployments', {
      connector: { id: deployment.body.connector.id, staged: true },
      region: 'europe-west1.gcp',
      configurations: [{ applicationName: 'app' }],
    });
    await berth.kill('data');
    const path = `/test-project/deployments/${created.body.id}`;
    const status = async () => (await berth.request('GET', path)).body.status;
    await expect.poll(status, { timeout: 60_000 }).toBe('Deployed');
    const { body } = await berth.request('GET', path);
    expect((await ask(body.applications[0].url)).status).toBe(200);
  });
});
