import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  reportEntries,
  reportTitles,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { workProcessesOf } from '../support/leftovers.ts';
import { ask, startRequestLoop } from '../support/request-loop.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

/** Ends in the way that FAIL names. */
const failing = `
if (process.env.FAIL === 'at once') { console.error('cannot start with this'); process.exit(3); }
if (process.env.FAIL === 'soon') require('node:net').createServer().listen(8080, () => { console.error('lost its database'); process.exit(4); });
else { ${tinyServer} }
if (process.env.FAIL === 'a little later') setTimeout(() => { console.error('lost its database later'); process.exit(5); }, 60);
`;

describe('a redeploy', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  let url: string;
  const change = async (values: Readonly<Record<string, string>>, more = {}) => {
    const accepted = await redeploy(berth, deployment, {
      configurationValues: [
        {
          applicationName: 'app',
          standardConfiguration: Object.entries(values).map(([key, value]) => ({ key, value })),
        },
      ],
      ...more,
    });
    expect(accepted.status).toBe(201);
    deployment = await settleDeployment(berth, accepted.body.id);
    return deployment;
  };

  beforeAll(async () => {
    berth = await startBerth({ environment: { BERTH_STARTUP_TIMEOUT_SECONDS: '5' } });
    repository = await createRepository({
      files: tinyConnector({
        app: {
          server: failing,
          spec: { ...keys(['VALUE', 'FAIL']), scripts: { postDeploy: 'node -e 1' } },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = draftOf(connector);
    draft.configurations[0].standardConfiguration = [{ key: 'VALUE', value: 'first' }];
    deployment = await deploy(berth, draft);
    url = deployment.body.applications[0].url;
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('changes to the new release without a failed request, and stops the old one when it is drained', async () => {
    const [before] = await workProcessesOf(berth.dataDirectory);
    const loop = startRequestLoop(url);
    await expect.poll(() => loop.answered).toBeGreaterThan(200);
    const slow = ask(`${url}/slow`);
    await change({ VALUE: 'second' });
    const asked = loop.answered;
    await expect.poll(() => loop.answered).toBeGreaterThan(asked + 200);
    await loop.stop();

    expect(deployment.body).toMatchObject({ status: 'Deployed', version: 2 });
    expect(loop.failures).toEqual([]);
    expect(loop.bodies).toEqual(['first', 'second']);
    expect(await slow).toEqual({ status: 200, body: 'first' });
    await expect
      .poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 })
      .toHaveLength(1);
    expect((await workProcessesOf(berth.dataDirectory))[0]?.pid).not.toBe(before?.pid);
  });

  test('cuts off what is without end when the time to drain is over', async () => {
    const startedAt = performance.now();
    const endless = ask(`${url}/endless`);
    await change({ VALUE: 'third' });
    expect(deployment.body.status).toBe('Deployed');
    await expect
      .poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 })
      .toHaveLength(1);
    expect((await endless).status).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
  });

  test('keeps the URL, and with skipScripts runs no script', async () => {
    expect(reportTitles(deployment)).toContain('Script for "postDeploy" succeeded (app)');
    await change({ VALUE: 'third' }, { skipScripts: true });
    expect(reportTitles(deployment).filter((title) => title.includes('postDeploy'))).toEqual([]);
    expect(deployment.body.applications[0].url).toBe(url);
    expect((await ask(url)).body).toBe('third');
  });

  test.for([
    ['at once', 'exit code 3', 'cannot start with this'],
    ['soon', 'exit code 4', 'lost its database'],
    ['a little later', 'exit code 5', 'lost its database later'],
  ])(
    'that fails because its application ends %s leaves the old release serving',
    async ([when = '', code = '', output = '']) => {
      await change({ VALUE: 'good', FAIL: 'no' });
      expect(deployment.body.status).toBe('Deployed');
      const loop = startRequestLoop(url, { kept: 1, fresh: 1 });
      await change({ VALUE: 'bad', FAIL: when });
      const asked = loop.answered;
      await expect.poll(() => loop.answered).toBeGreaterThan(asked + 20);
      await loop.stop();

      expect(deployment.body.status).toBe('Failed');
      expect(loop.failures).toEqual([]);
      // While it listens it may answer; what it lets fall the old release answers.
      expect(['good', 'bad']).toEqual(expect.arrayContaining([...loop.bodies]));
      expect((await ask(url)).body).toBe('good');
      const error = reportEntries(deployment).find(({ type }) => type === 'Error');
      expect(error?.message).toContain(code);
      expect(error?.message).toContain(output);
      await expect
        .poll(() => workProcessesOf(berth.dataDirectory), { timeout: 60_000 })
        .toHaveLength(1);
      await change({ VALUE: 'mended', FAIL: 'no' });
      expect(deployment.body.status).toBe('Deployed');
      expect((await ask(url)).body).toBe('mended');
    },
  );
});

test('a redeploy lets job runs and event handlers finish where they began', async () => {
  const slowly = (label: string) => `
    require('node:http').createServer((request, response) => {
      const id = '${label} ' + process.pid + '-' + Math.random().toString(36).slice(2);
      console.log('began ' + id);
      setTimeout(() => { console.log('ended ' + id); response.writeHead(204).end(); }, 1500);
      request.resume();
    }).listen(8080);
    process.once('SIGTERM', () => process.exit(0));`;
  await using berth = await startBerth();
  await using repository = await createRepository({
    files: tinyConnector({
      job: {
        type: 'job',
        server: slowly('run'),
        spec: { properties: { schedule: '@every 1s' } },
      },
      handler: { type: 'event', server: slowly('event') },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  let deployment = await deploy(berth, draftOf(connector));
  const ids = async (word: string): Promise<readonly string[]> => {
    const text = JSON.stringify(await readLog(berth, deployment.body.id));
    return [...text.matchAll(new RegExp(`${word} ((?:run|event) [\\w-]+)`, 'g'))].map(
      ([, id = '']) => id,
    );
  };

  const path = `/v1/projects/test-project/topics/${deployment.body.applications[1].topic}:publish`;
  await berth.request('POST', path, { messages: [{ data: btoa('slow') }] });
  await expect.poll(async () => (await ids('began')).join(), { timeout: 60_000 }).toMatch(/event/);
  await expect.poll(async () => (await ids('began')).join(), { timeout: 60_000 }).toMatch(/run/);
  const began = await ids('began');
  const accepted = await redeploy(berth, deployment);
  deployment = await settleDeployment(berth, accepted.body.id);

  const unfinished = async () => {
    const ended = await ids('ended');
    return began.filter((id) => !ended.includes(id));
  };
  await expect.poll(unfinished, { timeout: 60_000 }).toEqual([]);
  expect((await ids('began')).filter((id) => id.startsWith('event'))).toHaveLength(1);
});
