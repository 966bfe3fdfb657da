import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  reportEntries,
  reportTitles,
  settle,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { type Gate, makeGate } from '../support/gate.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';
import { workProcessesOf } from '../support/leftovers.ts';
import { isAlive } from '../support/processes.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';
import { expectErrors, expectNobodyAnswers } from './support.ts';

let berth: Berth;

beforeAll(async () => {
  berth = await startBerth();
});

afterAll(() => berth?.[Symbol.asyncDispose]());

const deploymentPath = (id: string) => `/${berth.projectKey}/deployments/${id}`;
const read = (id: string) => berth.request('GET', deploymentPath(id));
const cancel = (id: string) => berth.request('POST', `${deploymentPath(id)}/cancel`);

async function openGate(): Promise<Gate> {
  return makeGate(await makeTempFolder(), 'gate');
}

/** The process that has come to the gate. */
async function arrived(gate: Gate, times = 1): Promise<number> {
  await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(times);
  return (await gate.arrivals()).at(-1) ?? 0;
}

async function previewOf(files: TestFiles): Promise<Answer> {
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  expect(connector.body.isPreviewable, JSON.stringify(connector.body)).toBe('true');
  return connector;
}

/** Waits only where its configuration says so: earlier ones go through. */
const waitsIf = (gate: Gate, variable: string, goOn: string) =>
  `if (process.env.${variable} !== 'wait') { ${goOn} } else { ${gate.program(goOn)} }`;

const wait = (applicationName: string, key: string) => ({
  configurationValues: [
    { applicationName, standardConfiguration: [{ key, value: 'wait' }], securedConfiguration: [] },
  ],
});

const create = (connector: Answer, fields: Readonly<Record<string, unknown>> = {}) =>
  berth.request('POST', `/${berth.projectKey}/deployments`, draftOf(connector, fields));

describe('a first deploy', () => {
  test('that is cancelled while it builds leaves nothing, and can be deleted at once', async () => {
    const gate = await openGate();
    const mcKeys = ['CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH', 'CLOUD_IDENTIFIER'];
    const connector = await previewOf(
      tinyConnector({
        bundle: {
          type: 'merchant-center-custom-application',
          spec: {
            configuration: {
              standardConfiguration: mcKeys.map((key) => ({
                key,
                description: key,
                required: true,
              })),
            },
          },
          packageScripts: { build: 'node build.cjs' },
          files: {
            'build.cjs': `
const write = () => { require('node:fs').mkdirSync('public'); require('node:fs').writeFileSync('public/index.html', 'built'); };
if (process.env.ENTRY_POINT_URI_PATH === 'validation') write();
else { ${gate.program('write();')} }`,
          },
        },
      }),
    );
    const configurations = [
      {
        applicationName: 'bundle',
        standardConfiguration: mcKeys.map((key) => ({ key, value: 'here' })),
        securedConfiguration: [],
      },
    ];
    const { body } = await create(connector, { configurations });
    const pid = await arrived(gate);

    const answer = await cancel(body.id);

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      kind: 'deploy',
      state: 'cancelled',
      subject: { typeId: 'deployment', id: body.id },
      attempt: 1,
      cancelRequest: { clientId: berth.client.id },
      entries: [{ type: 'Warning', title: 'Operation cancelled' }],
    });
    const build = answer.body.steps.find(({ name }: { name: string }) => name === 'build/bundle');
    expect(build).toMatchObject({ state: 'cancelled', finishedAt: answer.body.finishedAt });
    expect(isAlive(pid)).toBe(false);
    const deployment = await read(body.id);
    expect(deployment.body.status).toBe('Failed');
    expect(reportEntries(deployment).at(-1)).toMatchObject({
      type: 'Warning',
      title: 'Operation cancelled',
      message: expect.stringContaining(berth.client.id),
    });
    expect((await cancel(body.id)).body).toEqual(answer.body);
    expect((await berth.request('DELETE', deploymentPath(body.id))).status).toBe(200);
    expect((await read(body.id)).status).toBe(404);
  });

  test('that is cancelled during postDeploy serves no more', async () => {
    const gate = await openGate();
    const connector = await previewOf(
      tinyConnector({
        app: {
          spec: { scripts: { postDeploy: 'node post-deploy.cjs' } },
          files: { 'post-deploy.cjs': gate.program('') },
        },
      }),
    );
    const { body } = await create(connector);
    const pid = await arrived(gate);

    expect((await cancel(body.id)).body.state).toBe('cancelled');

    expect(isAlive(pid)).toBe(false);
    const deployment = await read(body.id);
    expect(deployment.body.status).toBe('Failed');
    expect(deployment.body.applications[0]).not.toHaveProperty('url');
    await expect.poll(() => workProcessesOf(berth.dataDirectory)).toEqual([]);
    expect((await undeploy(berth, body.id)).status).toBe(404);
  });
});

describe('a redeploy', () => {
  test('that is cancelled before it serves leaves what served', async () => {
    const gate = await openGate();
    const connector = await previewOf(
      tinyConnector({
        app: { spec: keys(['START', 'VALUE']), server: waitsIf(gate, 'START', tinyServer) },
      }),
    );
    const deployed = await deploy(berth, draftOf(connector));
    const [{ url }] = deployed.body.applications;
    const before = await (await fetch(`${url}/pid`)).text();
    expect((await redeploy(berth, deployed, wait('app', 'START'))).status).toBe(201);
    const pid = await arrived(gate);

    const answer = await cancel(deployed.body.id);

    expect(answer.body).toMatchObject({ kind: 'redeploy', state: 'cancelled' });
    expect((await read(deployed.body.id)).body).toMatchObject({ status: 'Failed', version: 2 });
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await (await fetch(`${url}/pid`)).text()).toBe(before);
    expect((await undeploy(berth, deployed.body.id)).status).toBe(404);
    await expectNobodyAnswers(url);
  });

  test('that is cancelled during postDeploy leaves the new release, which serves already', async () => {
    const gate = await openGate();
    const connector = await previewOf(
      tinyConnector({
        app: {
          spec: { ...keys(['SCRIPT']), scripts: { postDeploy: 'node post-deploy.cjs' } },
          files: { 'post-deploy.cjs': waitsIf(gate, 'SCRIPT', '') },
        },
      }),
    );
    const deployed = await deploy(berth, draftOf(connector));
    const [{ url }] = deployed.body.applications;
    await redeploy(berth, deployed, wait('app', 'SCRIPT'));
    await arrived(gate);

    const answer = await cancel(deployed.body.id);

    expect(answer.body.entries.at(-1).message).toContain('Requests go to release 2');
    expect((await read(deployed.body.id)).body.status).toBe('Failed');
    expect(await (await fetch(`${url}/env/SCRIPT`)).text()).toBe('wait');
    expect((await undeploy(berth, deployed.body.id)).status).toBe(404);
  });
});

describe('an undeploy', () => {
  test('that is cancelled before anything was taken down leaves what served', async () => {
    const gate = await openGate();
    const connector = await previewOf(
      tinyConnector({
        app: {
          spec: { scripts: { preUndeploy: 'node pre-undeploy.cjs' } },
          files: { 'pre-undeploy.cjs': gate.program('') },
        },
      }),
    );
    const deployed = await deploy(berth, draftOf(connector));
    const [{ url }] = deployed.body.applications;
    expect((await berth.request('DELETE', deploymentPath(deployed.body.id))).status).toBe(202);
    const pid = await arrived(gate);

    const answer = await cancel(deployed.body.id);

    expect(answer.body).toMatchObject({ kind: 'undeploy', state: 'cancelled' });
    expect(isAlive(pid)).toBe(false);
    expect((await read(deployed.body.id)).body.status).toBe('UndeployFailed');
    expect((await fetch(url)).status).toBe(200);
    await gate.open();
    expect((await undeploy(berth, deployed.body.id)).status).toBe(404);
  });

  test('cannot be cancelled while the applications end', async () => {
    const deployed = await deploy(berth, draftOf(await previewOf(tinyConnector({ app: {} }))));
    const { id, applications } = deployed.body;
    const client = new AbortController();
    const endless = await fetch(`${applications[0].url}/endless`, { signal: client.signal });
    await berth.request('DELETE', deploymentPath(id));
    await settle(
      () => read(id),
      (answer) => reportTitles(answer).includes('Stopping applications'),
    );

    const refused = await cancel(id);

    expectErrors(refused, 400, ['OperationNotCancellable']);
    expect(refused.body.message).toMatch(/: the applications are being taken down$/);
    client.abort();
    await expect(endless.text()).rejects.toThrow();
    expect((await settleDeployment(berth, id)).status).toBe(404);
  });
});

test('a preview that is cancelled is as if nobody had asked for it', async () => {
  const gate = await openGate();
  await using repository = await createRepository({
    files: tinyConnector({
      app: {
        packageScripts: { build: 'node build.cjs' },
        files: { 'build.cjs': gate.program('') },
      },
    }),
    tag: 'v1',
  });
  const previewing = previewConnector(berth, { url: repository.url, tag: 'v1' });
  const pid = await arrived(gate);
  const path = `/${berth.projectKey}/operations`;
  const { body } = await berth.request('GET', `${path}?state=running`);

  const answer = await berth.request('POST', `${path}/${body.results[0].id}/cancel`);

  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ kind: 'preview', state: 'cancelled' });
  expect(isAlive(pid)).toBe(false);
  expect((await previewing).body.isPreviewable).toBe('none');
});

test('what has ended cannot be cancelled', async () => {
  const deployed = await deploy(berth, draftOf(await previewOf(tinyConnector({ app: {} }))));

  const refused = await cancel(deployed.body.id);

  expectErrors(refused, 400, ['OperationNotCancellable']);
  expect(refused.body.message).toMatch(/: it has succeeded already$/);
  expect((await read(deployed.body.id)).body.status).toBe('Deployed');
});
