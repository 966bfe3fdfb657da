import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

interface Received {
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Every call it got is one line of JSON in its log; answers 500 to the first two of each message. */
const callee = `
const http = require('node:http');
const seen = new Map();
http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const id = body === '' ? '' : JSON.parse(body).message?.messageId;
    const attempt = (seen.get(id) ?? 0) + 1;
    seen.set(id, attempt);
    const status = id && attempt <= 2 ? 500 : 204;
    console.log(JSON.stringify({ message: 'called', path: request.url, status, headers: request.headers, body }));
    response.writeHead(status).end();
  });
}).listen(8080);
`;

/** As a bundler does: what the environment says is compiled in. Fails where something is missing. */
const bundler = `
const fs = require('node:fs');
const names = ['APPLICATION_URL', 'ENTRY_POINT_URI_PATH', 'CUSTOM_APPLICATION_ID', 'CLOUD_IDENTIFIER', 'THEME', 'SHARED'];
const missing = names.filter((name) => !process.env[name]);
if (missing.length > 0) { console.error('missing ' + missing); process.exit(1); }
fs.mkdirSync('public');
fs.writeFileSync('public/index.html', JSON.stringify(Object.fromEntries(names.map((name) => [name, process.env[name]]))));
fs.writeFileSync('public/bundle.js', 'bundle');
fs.writeFileSync('public/token.txt', String(process.env.TOKEN));
`;

const required = (key: string) => ({ key, description: key, required: true });

describe('a connector with an application of each type', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  const application = (name: string) =>
    deployment.body.applications.find(
      (one: { applicationName: string }) => one.applicationName === name,
    );
  const calls = async (name: string): Promise<readonly Received[]> => {
    const lines = await readLog(berth, deployment.body.id, name);
    return lines
      .filter(({ type }) => type === 'APPLICATION_JSON')
      .map(({ details }) => details as unknown as Received);
  };
  const publish = (data: string, attributes: Readonly<Record<string, string>> = {}) =>
    berth.request(
      'POST',
      `/v1/projects/test-project/topics/${application('handler').topic}:publish`,
      {
        messages: [{ data: btoa(data), attributes }],
      },
    );

  beforeAll(async () => {
    berth = await startBerth({ environment: { BERTH_SANDBOX: 'auto' } });
    repository = await createRepository({
      files: tinyConnector(
        {
          handler: {
            type: 'event',
            server: callee,
            spec: { endpoint: '/events/in', retryPolicy: { strategy: 'immediate' } },
          },
          job: {
            type: 'job',
            server: callee,
            spec: { endpoint: '/run', properties: { schedule: '@every 1s' } },
          },
          cron: {
            type: 'job',
            server: callee,
            spec: { endpoint: '/tick', properties: { schedule: '*/2 * * * * *' } },
          },
          assets: {
            type: 'assets',
            packageScripts: {
              build: 'mkdir public && echo "export default 1" > public/enabler.es.js',
            },
          },
          bundle: {
            type: 'merchant-center-custom-application',
            packageScripts: { build: 'node bundler.cjs' },
            files: { 'bundler.cjs': bundler },
            spec: {
              configuration: {
                standardConfiguration: [
                  required('CUSTOM_APPLICATION_ID'),
                  required('ENTRY_POINT_URI_PATH'),
                  { key: 'THEME', description: 'THEME', default: 'plain' },
                ],
              },
            },
          },
        },
        {
          configuration: {
            standardConfiguration: [required('CLOUD_IDENTIFIER'), required('SHARED')],
            securedConfiguration: [{ key: 'TOKEN', description: 'TOKEN' }],
          },
        },
      ),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    expect(connector.body).toMatchObject({ isPreviewable: 'true' });
    const draft = draftOf(connector, {
      globalConfiguration: {
        standardConfiguration: [
          { key: 'CLOUD_IDENTIFIER', value: 'gcp-eu' },
          { key: 'SHARED', value: 'by all' },
        ],
        securedConfiguration: [{ key: 'TOKEN', value: 'a-secret' }],
      },
    });
    draft.configurations.at(-1).standardConfiguration = [
      { key: 'CUSTOM_APPLICATION_ID', value: 'an-id' },
      { key: 'ENTRY_POINT_URI_PATH', value: 'entry' },
    ];
    deployment = await deploy(berth, draft);
    expect(deployment.body.status).toBe('Deployed');
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('delivers a message again until it is acknowledged, in the envelope that handlers know', async () => {
    expect((await publish('{"notificationType":"ResourceCreated"}', { kind: 'test' })).status).toBe(
      200,
    );
    await expect.poll(async () => (await calls('handler')).length, { timeout: 60_000 }).toBe(3);

    const received = await calls('handler');
    expect(received.map(({ status }) => status)).toEqual([500, 500, 204]);
    expect(new Set(received.map(({ path }) => path))).toEqual(new Set(['/events/in']));
    const bodies = received.map(({ body }) => JSON.parse(body));
    expect(new Set(bodies.map(({ message }) => message.messageId)).size).toBe(1);
    expect(bodies[0]).toMatchObject({
      message: {
        data: btoa('{"notificationType":"ResourceCreated"}'),
        attributes: { kind: 'test' },
      },
      subscription: expect.stringContaining('projects/test-project/subscriptions/'),
    });
  });

  test('keeps messages while a redeploy replaces the handler', async () => {
    const accepted = await redeploy(berth, deployment);
    for (let index = 0; index < 10; index++) await publish(`{"index":${index}}`);
    deployment = await settleDeployment(berth, accepted.body.id);
    const acknowledged = async () =>
      (await calls('handler'))
        .filter(({ status }) => status === 204)
        .map(({ body }) => atob(JSON.parse(body).message.data))
        .filter((data) => data.includes('index'));

    await expect.poll(async () => new Set(await acknowledged()).size, { timeout: 60_000 }).toBe(10);
  });

  test('calls jobs at their times, by interval and by cron line with seconds', async () => {
    await expect
      .poll(async () => (await calls('job')).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(3);
    await expect
      .poll(async () => (await calls('cron')).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(2);
    expect(new Set((await calls('job')).map(({ path }) => path))).toEqual(new Set(['/run']));
    expect(application('job').schedule).toBe('@every 1s');
    expect(application('job').url).toBeUndefined();
  });

  test('serves assets to pages of other origins', async () => {
    const answer = await fetch(`${application('assets').url}/enabler.es.js`, {
      headers: { origin: 'https://shop.example.com' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('content-type')).toMatch(/javascript/);
    expect(await answer.text()).toBe('export default 1\n');
    expect((await fetch(`${application('assets').url}/no-such-file`)).status).toBe(404);
  });

  test('builds the Merchant Center application with its own URL and its values, but not its secrets', async () => {
    const { url } = application('bundle');
    const compiled = await (await fetch(url)).json();
    expect(compiled).toEqual({
      APPLICATION_URL: url,
      ENTRY_POINT_URI_PATH: 'entry',
      CUSTOM_APPLICATION_ID: 'an-id',
      CLOUD_IDENTIFIER: 'gcp-eu',
      THEME: 'plain',
      SHARED: 'by all',
    });
    expect(await (await fetch(`${url}/token.txt`)).text()).toBe('undefined');
  });

  test('answers unknown paths of the Merchant Center application with its page', async () => {
    const { url } = application('bundle');
    const page = await fetch(`${url}/my-project/entry/orders`, {
      headers: { accept: 'text/html' },
    });
    expect(page.status).toBe(200);
    expect(await page.json()).toMatchObject({ APPLICATION_URL: url });
    expect(await (await fetch(`${url}/bundle.js`)).text()).toBe('bundle');
  });

  test('builds the Merchant Center application anew when its values change', async () => {
    const accepted = await redeploy(berth, deployment, {
      configurationValues: [
        { applicationName: 'bundle', standardConfiguration: [{ key: 'THEME', value: 'dark' }] },
      ],
    });
    deployment = await settleDeployment(berth, accepted.body.id);
    const compiled = await (await fetch(application('bundle').url)).json();
    expect(compiled).toMatchObject({ THEME: 'dark', ENTRY_POINT_URI_PATH: 'entry' });
  });
});

test('messages wait while their application is down', async () => {
  await using berth = await startBerth();
  const down = join(await makeTempFolder(), 'down');
  await using repository = await createRepository({
    files: tinyConnector({
      handler: {
        type: 'event',
        server: `
          const isDown = () => require('node:fs').existsSync(${JSON.stringify(down)});
          if (isDown()) process.exit(1);
          require('node:http').createServer((request, response) => {
            if (isDown()) process.exit(1);
            request.setEncoding('utf8').on('data', (text) => console.log(text));
            request.on('end', () => response.writeHead(204).end());
          }).listen(8080);`,
        spec: { retryPolicy: { strategy: 'immediate' } },
      },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const { body } = await deploy(berth, draftOf(connector));
  const log = async () => JSON.stringify(await readLog(berth, body.id));

  await writeFile(down, '');
  const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
  const path = `/v1/projects/test-project/topics/${body.applications[0].topic}:publish`;
  await berth.request('POST', path, { messages: texts.map((text) => ({ data: btoa(text) })) });
  await expect.poll(log, { timeout: 60_000 }).toContain('(restart 2)');
  await rm(down);

  const missing = async () => {
    const text = await log();
    return texts.filter((one) => !text.includes(btoa(one)));
  };
  await expect.poll(missing, { timeout: 60_000 }).toEqual([]);
});
