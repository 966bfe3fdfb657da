import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog, reportEntries } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { isAlive } from '../support/processes.ts';
import { ask } from '../support/request-loop.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const healthCheck = {
  path: '/health',
  intervalSeconds: 1,
  timeoutSeconds: 1,
  unhealthyThreshold: 2,
};

/** Healthy from its third check on; `GET …/sicken` makes it ill. */
const checkedServer = `
const http = require('node:http');
let checks = 0;
let ill = false;
http.createServer((request, response) => {
  if (request.url === '/health') response.writeHead(ill || ++checks < 3 ? 503 : 200);
  if (request.url.endsWith('/sicken')) ill = true;
  response.end(String(checks));
}).listen(8080);
`;

describe('an application that serves', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  const url = (index: number): string => deployment.body.applications[index].url;
  const logLines = async (application: string): Promise<string> =>
    JSON.stringify(await readLog(berth, deployment.body.id, application));

  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({
        app: {},
        checked: { server: checkedServer, spec: { healthCheck } },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    deployment = await deploy(berth, draftOf(connector));
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('and has a health check was waited for until it passed', async () => {
    expect(deployment.body.status).toBe('Deployed');
    expect(Number((await ask(url(1))).body)).toBeGreaterThanOrEqual(3);
    expect(reportEntries(deployment).filter(({ type }) => type !== 'Information')).toEqual([]);
  });

  test('and crashes is started again, later each time, and its log says so', async () => {
    const pid = async () => Number((await ask(`${url(0)}/pid`)).body);
    const first = await pid();
    for (const restart of [1, 2, 3]) {
      const before = await pid();
      await ask(`${url(0)}/crash`);
      await expect.poll(pid, { timeout: 60_000 }).toBeGreaterThan(0);
      expect(await pid()).not.toBe(before);
      const pauseMs = 250 * 2 ** (restart - 1);
      await expect
        .poll(() => logLines('app'))
        .toContain(`It is started again in ${pauseMs} ms (restart ${restart})`);
    }
    expect(await pid()).not.toBe(first);
    const log = await logLines('app');
    expect(log).toContain('It ended with exit code 7');
    expect(log).toContain('told to crash');
    const { body } = await berth.request('GET', `/test-project/deployments/${deployment.body.id}`);
    expect(body.status).toBe('Deployed');
    expect(body.details.build.report.entries).toContainEqual(
      expect.objectContaining({
        type: 'Warning',
        title: 'Application ends again and again',
        application: 'app',
        message: expect.stringMatching(/^It ended 3 times.* It ended with exit code 7\./),
      }),
    );
  });

  test('and ends again and again answers 503 with what is the matter', async () => {
    await ask(`${url(0)}/crash`);
    await expect.poll(async () => (await ask(url(0))).status).toBe(503);
    expect((await ask(url(0))).body).toContain('app');
    await expect.poll(async () => (await ask(url(0))).status, { timeout: 60_000 }).toBe(200);
  });

  test('and fails its health checks is replaced', async () => {
    const before = (await ask(url(1))).body;
    await ask(`${url(1)}/sicken`);
    await expect
      .poll(() => logLines('checked'), { timeout: 60_000 })
      .toContain('Its health check /health failed 2 times in a row.');
    await expect.poll(async () => (await ask(url(1))).status, { timeout: 60_000 }).toBe(200);
    expect(Number((await ask(url(1))).body)).toBeLessThanOrEqual(Number(before));
  });

  test('leaves nothing of itself when its Deployment is deleted', async () => {
    const pid = Number((await ask(`${url(0)}/pid`)).body);
    await berth.request('DELETE', `/test-project/deployments/${deployment.body.id}`);
    await expect.poll(() => isAlive(pid), { timeout: 60_000 }).toBe(false);
    await expect.poll(async () => (await ask(url(0))).status, { timeout: 60_000 }).toBe(0);
  });
});
