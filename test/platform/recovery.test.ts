import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  reportTitles,
  settleThroughRestarts,
} from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { createRepository } from '../support/git-repository.ts';
import { processesOf } from '../support/leftovers.ts';
import { isAlive } from '../support/processes.ts';
import { ask, startRequestLoop } from '../support/request-loop.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

describe('Berth', () => {
  let berth: Berth;
  let serving: Answer;
  const url = (): string => serving.body.applications[0].url;
  const restarted = async (plane: 'control' | 'data', before: number): Promise<void> => {
    await expect.poll(() => berth.pidOf(plane), { timeout: 60_000 }).not.toBe(before);
  };

  beforeAll(async () => {
    berth = await startBerth();
    await using repository = await createRepository({
      files: tinyConnector({ app: {} }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    serving = await deploy(berth, draftOf(connector));
  });
  afterAll(() => berth[Symbol.asyncDispose]());

  test('finishes a deployment whose control plane is killed in the middle of a script, and serves on', async () => {
    const gate = makeGate(await makeTempFolder(), 'script');
    await using repository = await createRepository({
      files: tinyConnector({
        app: {
          spec: { scripts: { postDeploy: 'node script.cjs' } },
          files: { 'script.cjs': gate.program('') },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const created = await berth.request('POST', '/test-project/deployments', draftOf(connector));
    const loop = startRequestLoop(url(), { kept: 2, fresh: 1 });
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    const before = berth.pidOf('control');
    await berth.kill('control');
    await restarted('control', before);
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(2);
    const [first = 0] = await gate.arrivals();
    await gate.open();
    const deployment = await settleThroughRestarts(berth, created.body.id);
    await loop.stop();

    expect(deployment.body).toMatchObject({ status: 'Deployed', version: 1 });
    expect(reportTitles(deployment)).toEqual([...new Set(reportTitles(deployment))]);
    expect(isAlive(first)).toBe(false);
    expect(loop.failures).toEqual([]);
    expect(loop.answered).toBeGreaterThan(100);
  });

  test('serves again by itself after its data plane is killed', async () => {
    const before = berth.pidOf('data');
    const application = Number((await ask(`${url()}/pid`)).body);
    await berth.kill('data');
    await restarted('data', before);
    await expect.poll(async () => (await ask(url())).status, { timeout: 60_000 }).toBe(200);
    expect(isAlive(application)).toBe(false);
  });

  test('leaves nothing running when it is stopped, and serves the same when it is started again', async () => {
    await berth.stop();
    expect(await processesOf(berth.dataDirectory)).toEqual([]);
    expect((await ask(url())).status).toBe(0);

    await berth.start();
    await expect.poll(async () => (await ask(url())).status, { timeout: 60_000 }).toBe(200);
    const now = await berth.request('GET', `/test-project/deployments/${serving.body.id}`);
    expect(now.body).toEqual(serving.body);
  });
});
