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
import { isAlive } from '../support/processes.ts';
import { ask } from '../support/request-loop.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const patience = { timeout: 60_000 };

/** Says who it is, which event and job applications can be asked for by nobody. */
const namingServer = `console.log('started ' + process.pid);${tinyServer}`;

describe('applications that nobody asks for', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  const applicationOf = (name: string) =>
    deployment.body.applications.find(
      ({ applicationName }: { applicationName: string }) => applicationName === name,
    );
  const pidOf = async (name: string): Promise<number> =>
    Number((await ask(`${applicationOf(name).url}/pid`)).body);
  /** Every process of an event or job application so far. */
  const startedPids = async (name: string): Promise<readonly number[]> => {
    const log = JSON.stringify(await readLog(berth, deployment.body.id, name));
    return [...log.matchAll(/started (\d+)/g)].map(([, pid]) => Number(pid));
  };
  const sleeps = async (pid: number): Promise<void> =>
    expect.poll(() => isAlive(pid), patience).toBe(false);

  beforeAll(async () => {
    berth = await startBerth({ environment: { BERTH_IDLE_SECONDS: '1' } });
    repository = await createRepository({
      files: tinyConnector({
        app: {},
        warm: {},
        many: {},
        event: { type: 'event', server: namingServer },
        job: {
          type: 'job',
          server: namingServer,
          spec: { properties: { schedule: '@every 6s' } },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = draftOf(connector);
    const scalings: Readonly<Record<string, object>> = {
      warm: { minInstances: 1 },
      many: { maxInstances: 3 },
    };
    deployment = await deploy(berth, {
      ...draft,
      configurations: draft.configurations.map((one: { applicationName: string }) => ({
        ...one,
        ...scalings[one.applicationName],
      })),
    });
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('sleep, and wake for the next request', async () => {
    expect(deployment.body.status).toBe('Deployed');
    const first = await pidOf('app');
    await sleeps(first);
    const answers = await Promise.all(Array.from({ length: 20 }, () => pidOf('app')));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).not.toBe(first);
  });

  test('but for those that are kept warm', async () => {
    const warm = await pidOf('warm');
    await sleeps(await pidOf('app'));
    expect(await pidOf('warm')).toBe(warm);
  });

  test('wake for a message', async () => {
    const [first = 0] = await startedPids('event');
    await sleeps(first);
    const { topic } = applicationOf('event');
    const published = await berth.request(
      'POST',
      `/v1/projects/test-project/topics/${topic}:publish`,
      { messages: [{ data: Buffer.from('{}').toString('base64') }] },
    );
    expect(published.status).toBe(200);
    await expect.poll(() => startedPids('event'), patience).toHaveLength(2);
    await expect
      .poll(async () => JSON.stringify(await readLog(berth, deployment.body.id, 'event')), patience)
      .toMatch(/"status":204[^}]*Berth-Event-Push/);
  });

  test('wake for a tick', async () => {
    await expect.poll(async () => (await startedPids('job')).length, patience).toBeGreaterThan(2);
    const log = JSON.stringify(await readLog(berth, deployment.body.id, 'job'));
    expect(log).toMatch(/"status":204[^}]*Berth-Job-Scheduler/);
    expect(log).not.toContain('"status":0');
  });

  test('stay asleep when Berth starts again, and wake then', async () => {
    await berth.stop();
    await berth.start();
    const { url } = applicationOf('app');
    expect((await ask(url)).status).toBe(200);
    const store = await berth.openStore();
    try {
      const running = await store.runtime.instances({});
      const names = running.map(({ applicationName }) => applicationName);
      expect(names).toEqual(expect.arrayContaining(['app', 'warm']));
      expect(names).not.toContain('many');
    } finally {
      await store[Symbol.asyncDispose]();
    }
  });

  test('run several times where they may, while they are asked for enough', async () => {
    const { url } = applicationOf('many');
    const load = new AbortController();
    const keepAsking = async (): Promise<void> => {
      while (!load.signal.aborted) expect((await ask(`${url}/slow`)).status).toBe(200);
    };
    const asking = Array.from({ length: 150 }, keepAsking);
    const pids = new Set<number>();
    await expect
      .poll(async () => pids.add(await pidOf('many')).size, { ...patience, interval: 20 })
      .toBe(3);
    load.abort();
    await Promise.all(asking);
  });

  test('are held, not refused, while they start again after an end', async () => {
    const first = await pidOf('app');
    const ended = ask(`${applicationOf('app').url}/crash`);
    await ended;
    const second = await pidOf('app');
    expect(second).not.toBe(first);
    expect(second).toBeGreaterThan(0);
  });

  test('can be told otherwise by a redeploy, which is kept', async () => {
    const changed = await redeploy(berth, deployment, {
      configurationValues: [{ applicationName: 'app', minInstances: 2, maxInstances: 2 }],
    });
    expect(changed.status).toBe(201);
    deployment = await settleDeployment(berth, deployment.body.id);
    expect(applicationOf('app')).toMatchObject({ minInstances: 2, maxInstances: 2 });
    expect(applicationOf('many')).toMatchObject({ maxInstances: 3 });
    const pids = new Set<number>();
    await expect.poll(async () => pids.add(await pidOf('app')).size, patience).toBe(2);
  });
});
