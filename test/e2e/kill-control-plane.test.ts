import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiClients } from '../support/api-clients.ts';
import { type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportTitles,
  settle,
  settleThroughRestarts,
  undeploy,
} from '../support/deploy.ts';
import { startServer } from '../support/fake-project-api.ts';
import { type Gate, makeGate } from '../support/gate.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { isAlive } from '../support/processes.ts';
import { startRequestLoop } from '../support/request-loop.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';

let berth: Berth;
beforeEach(async () => {
  berth = await startBerth();
});
afterEach(() => berth[Symbol.asyncDispose]());

const mcConfiguration = {
  configuration: {
    standardConfiguration: [
      'CUSTOM_APPLICATION_ID',
      'ENTRY_POINT_URI_PATH',
      'CLOUD_IDENTIFIER',
    ].map((key) => ({ key, description: key, required: true })),
  },
};

/** Each waits at another moment. The Merchant Center application is built by the deployment itself. */
const moments: Readonly<Record<string, (gate: Gate) => TestFiles>> = {
  build: (gate) =>
    tinyConnector({
      app: {},
      bundle: {
        type: 'merchant-center-custom-application',
        spec: mcConfiguration,
        packageScripts: { build: 'node build.cjs' },
        files: {
          'build.cjs': `
            const write = () => { require('node:fs').mkdirSync('public'); require('node:fs').writeFileSync('public/index.html', 'built'); };
            if (process.env.ENTRY_POINT_URI_PATH === 'validation') write();
            else { ${gate.program('write();')} }`,
        },
      },
    }),
  start: (gate) => tinyConnector({ app: { server: gate.program(tinyServer) } }),
  postDeploy: (gate) =>
    tinyConnector({
      app: {
        spec: { scripts: { postDeploy: 'node post-deploy.cjs' } },
        files: { 'post-deploy.cjs': gate.program('') },
      },
    }),
};

describe.for(Object.keys(moments))('kill -9 of the control plane during %s', (moment) => {
  test('the deployment reaches Deployed by itself, and nothing of the first attempt is left', async () => {
    const gate = makeGate(await makeTempFolder(), moment);
    await using repository = await createRepository({
      files: moments[moment]?.(gate) ?? {},
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = draftWithValues(connector);
    const created = await berth.request('POST', '/test-project/deployments', draft);
    expect(created.status).toBe(201);
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    const [first = 0] = await gate.arrivals();

    await killControlPlane(berth);
    // What belongs to the control plane ends and is begun again; what the data plane runs goes on.
    if (moment !== 'start') {
      await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(2);
      expect(isAlive(first)).toBe(false);
    }
    await gate.open();
    const deployment = await settleThroughRestarts(berth, created.body.id);

    expect(deployment.body).toMatchObject({ status: 'Deployed', version: 1 });
    const titles = reportTitles(deployment);
    expect(titles).toEqual([...new Set(titles)]);
    expect(titles).toContain('Deployment finished');
    await expectOnlyApplications(berth, ['server.cjs']);
    expect((await fetch(deployment.body.applications[0].url)).status).toBe(200);
  });
});

test('kill -9 of the control plane during a preview’s build lets the preview end by itself', async () => {
  const gate = makeGate(await makeTempFolder(), 'preview');
  await using repository = await createRepository({
    files: tinyConnector({
      app: {
        packageScripts: { build: 'node build.cjs' },
        files: { 'build.cjs': gate.program('') },
      },
    }),
    tag: 'v1',
  });
  const previewing = previewConnectorSlowly(repository.url);
  await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
  await killControlPlane(berth);
  await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(2);
  await gate.open();
  const connector = await previewing;

  expect(connector.body.isPreviewable).toBe('true');
  await expect.poll(() => workProcessesOf(berth.dataDirectory)).toEqual([]);
  expect(await workFoldersOf(berth.dataDirectory)).toEqual([]);
});

test('kill -9 of the control plane at any moment of a redeploy costs neither the redeploy nor a request', async () => {
  await using repository = await createRepository({
    files: tinyConnector({
      app: { spec: { scripts: { postDeploy: 'node -e 1' } } },
      other: {},
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  let deployment = await deploy(berth, draftOf(connector));
  const expected = reportTitles(deployment);
  const loop = startRequestLoop(deployment.body.applications[0].url, { kept: 1, fresh: 1 });

  for (const delayMs of [0, 40, 90, 160, 260]) {
    const accepted = await redeploy(berth, deployment);
    expect(accepted.status).toBe(201);
    await pause(delayMs);
    await killControlPlane(berth);
    deployment = await settleThroughRestarts(berth, deployment.body.id);
    expect(deployment.body, `killed after ${delayMs} ms`).toMatchObject({
      status: 'Deployed',
      version: accepted.body.version,
    });
    expect(reportTitles(deployment).toSorted()).toEqual(expected.toSorted());
  }
  await loop.stop();

  expect(loop.failures).toEqual([]);
  expect(loop.answered).toBeGreaterThan(100);
  await expectOnlyApplications(berth, ['server.cjs', 'server.cjs']);
});

test('kill -9 of the control plane is noticed by no request', async () => {
  await using repository = await createRepository({ files: tinyConnector({ app: {} }), tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const deployment = await deploy(berth, draftOf(connector));
  const loop = startRequestLoop(deployment.body.applications[0].url);
  await expect.poll(() => loop.answered, { timeout: 60_000 }).toBeGreaterThan(500);

  await killControlPlane(berth);
  const after = loop.answered;
  await expect.poll(() => loop.answered, { timeout: 60_000 }).toBeGreaterThan(after + 500);
  await loop.stop();

  expect(loop.failures).toEqual([]);
});

test('kill -9 of the control plane while the platform makes an API client leaves one of them', async () => {
  const clients = createApiClients();
  const asked = Promise.withResolvers<void>();
  let creations = 0;
  await using platform = await startServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url === '/oauth/token') return json(200, { access_token: 'token', expires_in: 3600 });
    const id = /api-clients\/(.+)$/.exec(url)?.[1];
    const body = method === 'POST' ? JSON.parse(await text(request)) : undefined;
    const answer = clients.answer({ method, projectKey: 'test-project', id, body });
    // The first answer never comes: Berth dies waiting for it.
    if (method === 'POST' && ++creations === 1) return asked.resolve();
    return json(answer.status, answer.body);
  });
  await using connected = await startBerth({
    environment: {
      BERTH_PLATFORM_API_URL: platform.url,
      BERTH_PLATFORM_CLIENT_ID: 'privileged',
      BERTH_PLATFORM_CLIENT_SECRET: 'privileged-secret',
    },
  });
  await using repository = await createRepository({
    files: tinyConnector({ app: {} }, { apiClient: { scopes: ['manage_orders'] } }),
    tag: 'v1',
  });
  const connector = await previewConnector(connected, { url: repository.url, tag: 'v1' });
  const path = '/test-project/deployments';
  const created = await connected.request('POST', path, draftOf(connector));
  expect(created.status).toBe(201);
  await asked.promise;
  await killControlPlane(connected);
  const deployment = await settleThroughRestarts(connected, created.body.id);

  expect(deployment.body).toMatchObject({ status: 'Deployed', version: 1 });
  expect(clients.list('test-project').map(({ id }) => id)).toEqual([
    deployment.body.apiClient.name,
  ]);
  expect((await undeploy(connected, created.body.id)).status).toBe(404);
  expect(clients.list('test-project')).toEqual([]);
});

/** Resolves when another one answers. */
async function killControlPlane(berth: Berth): Promise<void> {
  const before = berth.pidOf('control');
  await berth.kill('control');
  await expect.poll(() => berth.pidOf('control'), { timeout: 60_000 }).not.toBe(before);
}

/** Draining takes a moment after the end of a deployment. */
async function expectOnlyApplications(berth: Berth, programs: readonly string[]): Promise<void> {
  const commands = async () =>
    (await workProcessesOf(berth.dataDirectory)).map(({ command }) =>
      command.trim().split(' ').at(-1),
    );
  await expect.poll(commands, { timeout: 60_000 }).toEqual(programs);
  const folders = await workFoldersOf(berth.dataDirectory);
  expect(folders.filter((name) => !name.startsWith('run/data/'))).toEqual([]);
  expect(folders).toHaveLength(2 * programs.length);
}

async function previewConnectorSlowly(url: string) {
  const created = await berth.request('POST', '/connectors/drafts', {
    name: 'A connector',
    creator: { email: 'somebody@example.com' },
    repository: { url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${created.body.id}`;
  await berth.request('POST', path, {
    version: created.body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  const away = { status: 0, headers: new Headers(), body: { isPreviewable: 'pending' } };
  return settle(
    () => berth.request('GET', path).catch(() => away),
    ({ body }) => body.isPreviewable !== 'pending',
  );
}

function draftWithValues(connector: Awaited<ReturnType<typeof previewConnector>>) {
  const draft = draftOf(connector);
  const values = ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH', 'CLOUD_IDENTIFIER'].map(
    (key) => ({
      key,
      value: 'a-value',
    }),
  );
  const configurations = draft.configurations.map((one: { applicationName: string }) =>
    one.applicationName === 'bundle' ? { ...one, standardConfiguration: values } : one,
  );
  return { ...draft, configurations };
}
