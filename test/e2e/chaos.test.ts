import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportTitles,
  settleDeployment,
  settleThroughRestarts,
} from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { processesOf, workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { ask } from '../support/request-loop.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

describe('a deployment', () => {
  let berth: Berth;
  let repository: TestRepository;
  let connector: Answer;
  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({ app: { spec: keys(['VALUE']) } }),
      tag: 'v1',
    });
    connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });
  const withValue = (value: string) => ({
    configurationValues: [
      { applicationName: 'app', standardConfiguration: [{ key: 'VALUE', value }] },
    ],
  });
  const gone = async (id: string): Promise<void> => {
    const path = `/test-project/deployments/${id}`;
    const away = { status: 0 };
    const status = async () => (await berth.request('GET', path).catch(() => away)).status;
    await expect.poll(status, { timeout: 60_000 }).toBe(404);
  };

  afterEach(async () => {
    const { body } = await berth.request('GET', '/test-project/deployments');
    for (const { id } of body.results) {
      const deleted = await berth.request('DELETE', `/test-project/deployments/${id}`);
      expect(deleted.status).toBe(202);
    }
    for (const { id } of body.results) await gone(id);
    await expect.poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => workFoldersOf(berth.dataDirectory)).toEqual([]);
  });

  test('is redeployed though the data plane, or both planes, die at any moment', async () => {
    let deployment = await deploy(berth, draftOf(connector));
    const titles = reportTitles(deployment);
    for (const [index, delayMs] of [0, 60, 150, 300].entries()) {
      const accepted = await redeploy(berth, deployment, withValue(`value ${index}`));
      await pause(delayMs);
      const planes = { control: berth.pidOf('control'), data: berth.pidOf('data') };
      await berth.kill('data');
      if (index % 2 === 1) await berth.kill('control');
      deployment = await settleThroughRestarts(berth, accepted.body.id);
      expect(deployment.body, `killed after ${delayMs} ms`).toMatchObject({
        status: 'Deployed',
        version: accepted.body.version,
      });
      expect(reportTitles(deployment)).toEqual(titles);
      await expect.poll(() => berth.pidOf('data')).not.toBe(planes.data);
      const { url } = deployment.body.applications[0];
      await expect
        .poll(async () => (await ask(url)).body, { timeout: 60_000 })
        .toBe(`value ${index}`);
      await expect
        .poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 })
        .toHaveLength(1);
    }
  });

  test('that is redeployed by many at once is redeployed by one of them', async () => {
    const deployment = await deploy(berth, draftOf(connector));
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => redeploy(berth, deployment, withValue(`${index}`))),
    );
    const codes = answers.map(({ status, body }) => (status === 201 ? 201 : body.errors[0].code));
    expect(codes.filter((code) => code === 201)).toHaveLength(1);
    const refused = new Set(codes.filter((code) => code !== 201));
    refused.delete('ConcurrentModification');
    refused.delete('DeploymentInvalidStatusTransition');
    expect([...refused]).toEqual([]);
    const settled = await settleDeployment(berth, deployment.body.id);
    expect(settled.body).toMatchObject({ status: 'Deployed', version: 2 });
    expect((await ask(settled.body.applications[0].url)).body).toBe(String(codes.indexOf(201)));
  });

  test('waits in Queued while all workers are busy, and gets its turn', async () => {
    const created: Answer[] = [];
    while (created.length < 6) {
      created.push(await berth.request('POST', '/test-project/deployments', draftOf(connector)));
    }
    expect(new Set(created.map(({ body }) => body.status))).toEqual(
      new Set(['Deploying', 'Queued']),
    );
    const settled = await Promise.all(created.map(({ body }) => settleDeployment(berth, body.id)));
    expect(settled.map(({ body }) => body.status)).toEqual(Array(6).fill('Deployed'));
    const urls = settled.map(({ body }) => body.applications[0].url);
    expect(new Set(urls).size).toBe(6);
  });

  test('is gone in the end though the control plane dies while it is being deleted', async () => {
    const gate = makeGate(await makeTempFolder(), 'preUndeploy');
    await using other = await createRepository({
      files: tinyConnector({
        app: {
          spec: { scripts: { preUndeploy: 'node script.cjs' } },
          files: { 'script.cjs': gate.program('') },
        },
      }),
      tag: 'v1',
    });
    const slow = await previewConnector(berth, { url: other.url, tag: 'v1' });
    const { body } = await deploy(berth, draftOf(slow));
    const deleted = await berth.request('DELETE', `/test-project/deployments/${body.id}`);
    expect(deleted).toMatchObject({ status: 202, body: { status: 'Undeploying' } });
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    await berth.kill('control');
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(2);
    await gate.open();
    await gone(body.id);
  });

  test('whose port somebody else has taken gets another one', async () => {
    const draft = draftOf(connector, { key: 'wants-its-port' });
    const first = await deploy(berth, draft);
    const url = new URL(first.body.applications[0].url);
    await berth.request('DELETE', `/test-project/deployments/${first.body.id}`);
    await gone(first.body.id);
    await using _taken = await takePort(Number(url.port));
    const second = await deploy(berth, draft);

    expect(second.body.status).toBe('Deployed');
    const other = new URL(second.body.applications[0].url);
    expect(other.port).not.toBe(url.port);
    expect((await ask(other.href)).body).toBe('unset');
  });

  test('has the same URL again after it was deleted and made anew under its key', async () => {
    const draft = draftOf(connector, { key: 'comes-back' });
    const first = await deploy(berth, draft);
    await berth.request('DELETE', `/test-project/deployments/${first.body.id}`);
    await gone(first.body.id);
    const second = await deploy(berth, draft);
    expect(second.body.id).not.toBe(first.body.id);
    expect(second.body.applications[0].url).toBe(first.body.applications[0].url);
  });
});

test('an application that ignores SIGTERM keeps neither a stop nor its Berth’s end', async () => {
  await using berth = await startBerth();
  await using repository = await createRepository({
    files: tinyConnector({
      app: {
        server: `
          process.on('SIGTERM', () => console.log('no'));
          require('node:child_process').spawn('sh', ['-c', 'trap "" TERM; sleep 1000'], { detached: true });
          require('node:http').createServer((request, response) => response.end('ok')).listen(8080);`,
      },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const deployment = await deploy(berth, draftOf(connector));
  expect(deployment.body.status).toBe('Deployed');
  const startedAt = performance.now();
  await berth.stop();

  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(await processesOf(berth.dataDirectory)).toEqual([]);
});

test.for(['SIGTERM', 'kill -9'])(
  'a build that ignores SIGTERM does not outlive the %s of its Berth',
  async (end) => {
    await using berth = await startBerth();
    const gate = makeGate(await makeTempFolder(), 'build');
    await using repository = await createRepository({
      files: tinyConnector({
        app: {
          packageScripts: { build: 'node build.cjs' },
          files: {
            'build.cjs': `
            process.on('SIGTERM', () => {});
            require('node:child_process').spawn('sh', ['-c', 'trap "" TERM; sleep 1000'], { detached: true, stdio: 'ignore' });
            ${gate.program('')}`,
          },
        },
      }),
      tag: 'v1',
    });
    const created = await berth.request('POST', '/connectors/drafts', {
      name: 'A connector',
      creator: { email: 'somebody@example.com' },
      repository: { url: repository.url, tag: 'v1' },
    });
    await berth.request('POST', `/connectors/drafts/${created.body.id}`, {
      version: created.body.version,
      actions: [{ action: 'updatePreviewable' }],
    });
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    if (end === 'SIGTERM') await berth.stop();
    else await berth.kill('supervisor');

    await expect.poll(() => processesOf(berth.dataDirectory), { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => workFoldersOf(berth.dataDirectory)).toEqual([]);
  },
);

async function takePort(port: number): Promise<AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    // Where another Berth of these tests has it already, it is taken as well.
    server.once('error', () => resolve()).listen(port, '127.0.0.1', resolve);
  });
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
