import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { processesOf, workFoldersOf } from '../support/leftovers.ts';
import { ask } from '../support/request-loop.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

describe('a Berth that ends', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  const urls = (): readonly string[] =>
    deployment.body.applications.map(({ url }: { url: string }) => url);
  const everything = () => [...urls(), `${berth.api}/healthz`, berth.gateway];
  const answers = (all: readonly string[]) =>
    Promise.all(all.map(async (url) => (await ask(url)).status));

  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({ one: {}, two: {} }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    deployment = await deploy(berth, draftOf(connector));
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('by SIGTERM leaves no process, no port and no work folder', async () => {
    expect(await answers(urls())).toEqual([200, 200]);
    await berth.stop();

    expect(await processesOf(berth.dataDirectory)).toEqual([]);
    expect(await answers(everything())).toEqual([0, 0, 0, 0]);
    expect(await workFoldersOf(berth.dataDirectory)).toEqual([]);
  });

  test('serves everything again at the same URLs when it is started again', async () => {
    await berth.start();
    await expect.poll(() => answers(urls()), { timeout: 60_000 }).toEqual([200, 200]);
    const now = await berth.request('GET', `/test-project/deployments/${deployment.body.id}`);
    expect(now.body).toEqual(deployment.body);
  });

  test('by SIGTERM right after the death of its data plane leaves no process and no work folder', async () => {
    await berth.kill('data');
    await berth.stop();

    expect(await processesOf(berth.dataDirectory)).toEqual([]);
    expect(await workFoldersOf(berth.dataDirectory)).toEqual([]);
    await berth.start();
    await expect.poll(() => answers(urls()), { timeout: 60_000 }).toEqual([200, 200]);
  });

  test('by kill -9 of its supervisor takes both planes and all applications with it', async () => {
    await berth.kill('supervisor');
    await expect.poll(() => processesOf(berth.dataDirectory), { timeout: 60_000 }).toEqual([]);
    expect(await answers(everything())).toEqual([0, 0, 0, 0]);

    await berth.start();
    await expect.poll(() => answers(urls()), { timeout: 60_000 }).toEqual([200, 200]);
  });

  test('by kill -9 of all three at once is put in order by the next start', async () => {
    for (const name of ['supervisor', 'control', 'data'] as const) await berth.kill(name);
    const left = await processesOf(berth.dataDirectory);
    await berth.start();
    await expect.poll(() => answers(urls()), { timeout: 60_000 }).toEqual([200, 200]);

    const now = await processesOf(berth.dataDirectory);
    expect(left.filter(({ pid }) => now.some((one) => one.pid === pid))).toEqual([]);
    // Supervisor, two planes, two applications.
    expect(now).toHaveLength(5);
  });

  test('in the middle of a deployment finishes it after the next start', async () => {
    const gate = makeGate(await makeTempFolder(), 'script');
    await repository.commit(
      tinyConnector({
        one: {
          spec: { scripts: { postDeploy: 'node post-deploy.cjs' } },
          files: { 'post-deploy.cjs': gate.program('') },
        },
      }),
      'v2',
    );
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v2' });
    const created = await berth.request('POST', '/test-project/deployments', draftOf(connector));
    await expect.poll(() => gate.arrivals(), { timeout: 60_000 }).toHaveLength(1);
    await berth.stop();
    expect(await processesOf(berth.dataDirectory)).toEqual([]);

    await gate.open();
    await berth.start();
    const path = `/test-project/deployments/${created.body.id}`;
    const status = async () => (await berth.request('GET', path)).body.status;
    await expect.poll(status, { timeout: 60_000 }).toBe('Deployed');
  });

  test('keeps a second one off its data directory, and is not disturbed by it', async () => {
    const program = join(import.meta.dirname, '../../src/cli/berth.ts');
    const second = await execa(process.execPath, [program, 'serve'], {
      env: { BERTH_DATA_DIR: berth.dataDirectory, BERTH_PORT: '0', BERTH_GATEWAY_PORT: '0' },
      reject: false,
      all: true,
    });

    expect(second.exitCode).toBe(1);
    expect(second.all).toContain('uses this data directory');
    expect(await answers(urls())).toEqual([200, 200]);
  });

  test('and has lost its builds makes them again by itself, and by a redeploy', async () => {
    await berth.stop();
    await rm(join(berth.dataDirectory, 'builds'), { recursive: true });
    await berth.start();
    await expect.poll(() => answers(urls()), { timeout: 60_000 }).toEqual([200, 200]);
    const accepted = await redeploy(berth, deployment);
    const settled = await settleDeployment(berth, accepted.body.id);

    expect(settled.body.status).toBe('Deployed');
    expect(await answers(urls())).toEqual([200, 200]);
  });
});
