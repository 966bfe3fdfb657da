import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  reportEntries,
  settleDeployment,
  undeploy,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { ask, startRequestLoop } from '../support/request-loop.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const secret = `{"a":"'$HOME'"}\n🚀`;

describe('a deployment', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployments: readonly [Answer, Answer];
  const urlOf = (deployment: Answer): string => deployment.body.applications[0].url;
  const configured = (VALUE: string, more: Readonly<Record<string, string>> = {}) => ({
    applicationName: 'app',
    standardConfiguration: Object.entries({ VALUE, ...more }).map(([key, value]) => ({
      key,
      value,
    })),
    securedConfiguration: [{ key: 'SECRET', value: secret }],
  });
  const change = async (value: string, more = {}): Promise<Answer> => {
    const [deployment, other] = deployments;
    const accepted = await redeploy(berth, deployment, {
      configurationValues: [configured(value, more)],
    });
    expect(accepted.status).toBe(201);
    deployments = [await settleDeployment(berth, accepted.body.id), other];
    return deployments[0];
  };

  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({
        app: {
          server: `if (process.env.FAIL) { console.error('told to fail'); process.exit(3); } ${tinyServer}`,
          spec: {
            ...keys(['VALUE', 'FAIL'], ['SECRET']),
            scripts: { postDeploy: 'node -e "console.log(1)"' },
          },
        },
        handler: { type: 'event', spec: { retryPolicy: { strategy: 'immediate' } } },
        assets: {
          type: 'assets',
          packageScripts: { build: 'mkdir public && echo 1 > public/a.js' },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = (value: string) => ({
      ...draftOf(connector),
      configurations: [
        configured(value),
        { applicationName: 'handler' },
        { applicationName: 'assets' },
      ],
    });
    deployments = await Promise.all([deploy(berth, draft('one')), deploy(berth, draft('two'))]);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('answers at its own URL beside another whose application has the same port', async () => {
    expect(deployments.map(({ body }) => body.status)).toEqual(['Deployed', 'Deployed']);
    const answers = await Promise.all(deployments.map((one) => ask(urlOf(one))));
    expect(answers.map(({ body }) => body)).toEqual(['one', 'two']);
    const assets = await fetch(`${deployments[0].body.applications[2].url}/a.js`);
    expect(assets.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('gives its secret to its application only', async () => {
    expect((await ask(`${urlOf(deployments[0])}/env/SECRET`)).body).toBe(secret);
    expect(JSON.stringify(deployments[0].body)).not.toContain('HOME');
  });

  test('hands messages to its event application', async () => {
    const [{ body }] = deployments;
    const path = `/v1/projects/test-project/topics/${body.applications[1].topic}:publish`;
    await berth.request('POST', path, { messages: [{ data: btoa('hello') }] });
    const log = async () => JSON.stringify(await readLog(berth, body.id, 'handler'));
    await expect.poll(log, { timeout: 60_000 }).toContain('"status":204');
  });

  test('is redeployed without a failed request', async () => {
    const loop = startRequestLoop(urlOf(deployments[0]), { kept: 2, fresh: 1 });
    await change('three');
    const asked = loop.answered;
    await expect.poll(() => loop.answered).toBeGreaterThan(asked + 50);
    await loop.stop();

    expect(loop.failures).toEqual([]);
    expect(loop.bodies.at(-1)).toBe('three');
  });

  test('goes on serving when its redeploy fails, and says why it failed', async () => {
    const failed = await change('four', { FAIL: 'yes' });
    expect(failed.body.status).toBe('Failed');
    const error = reportEntries(failed).find(({ type }) => type === 'Error');
    expect(error?.message).toContain('exit code 3');
    expect(error?.message).toContain('told to fail');
    expect((await ask(urlOf(failed))).body).toBe('three');
    expect((await change('five', { FAIL: '' })).body.status).toBe('Deployed');
    expect((await ask(urlOf(failed))).body).toBe('five');
  });

  test('leaves nothing when it is deleted', async () => {
    for (const { body } of deployments) expect((await undeploy(berth, body.id)).status).toBe(404);
    await expect.poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 }).toEqual([]);
    // Builds are thrown away only when the deletion is committed, and so answered.
    await expect.poll(() => workFoldersOf(berth.dataDirectory)).toEqual([]);
    expect((await ask(urlOf(deployments[1]))).status).toBe(0);
  });
});
