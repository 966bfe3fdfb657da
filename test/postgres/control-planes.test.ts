import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createRepository } from '../support/git-repository.ts';
import { type KeptPlane, keepPlane, pickPorts, planeSettings } from '../support/kept-plane.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { makeDatabase } from '../support/postgres-database.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');
const controlPlanes = 3;
const deployments = 200;
/** The others have nothing that runs: what is tried here is who does the work. */
const withService = 10;
const donePerKill = 16;
const client = { id: 'many-planes', secret: 'a-secret-of-many-planes' };
const project = 'many';

test('three control planes that are killed at random deploy 200 times, each exactly once', {
  timeout: 900_000,
}, async () => {
  await using world = await openWorld();
  const { request } = world;
  const connectors = {
    site: await preview(request, { site: { type: 'assets', files: { 'public/a.txt': 'here' } } }),
    app: await preview(request, { app: { spec: keys(['VALUE']) } }),
  };

  const killer = createKiller(world.controls);
  const all = Array.from({ length: deployments }, (_, number) => number);
  const created = await inLanes(all, 12, async (number) => {
    const isService = number % (deployments / withService) === 0;
    const applicationName = isService ? 'app' : 'site';
    const answer = await request('POST', `/${project}/deployments`, {
      key: `d-${number}`,
      connector: { id: connectors[applicationName], staged: true },
      region: 'europe-west1.gcp',
      configurations: [
        {
          applicationName,
          standardConfiguration: isService ? [{ key: 'VALUE', value: `value ${number}` }] : [],
          securedConfiguration: [],
        },
      ],
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const id = String(answer.body.id);
    const settled = await settle(request, `/${project}/deployments/${id}`);
    expect(settled.body, JSON.stringify(settled.body)).toMatchObject({
      status: 'Deployed',
      version: 1,
    });
    killer.oneMoreIsDone();
    return id;
  });
  const kills = await killer.stop();
  await Promise.all(world.controls.map((plane) => plane.ready()));
  console.log(`${deployments} deployments through ${kills} kills of ${controlPlanes} planes`);

  expect(kills).toBeGreaterThan(deployments / donePerKill / 2);
  const { body: page } = await request('GET', `/${project}/deployments?limit=1`);
  expect(page.total).toBe(deployments);
  await inLanes(created, 4, async (id) => {
    const path = `/${project}/deployments/${id}`;
    const { body: operations } = await request('GET', `${path}/operations`);
    expect(operations.results).toMatchObject([{ state: 'succeeded' }]);
    const { body: revisions } = await request('GET', `${path}/revisions`);
    expect(revisions.total).toBe(1);
    const { body } = await request('GET', path);
    const titles = body.details.build.report.entries.map(({ title }: { title: string }) => title);
    expect(titles.filter((title: string) => title === 'Deployment finished')).toHaveLength(1);
    const [{ url }] = body.applications;
    if (url === undefined) return;
    const answer = await fetch(url.endsWith('/app') ? url : `${url}/a.txt`);
    expect(answer.status).toBe(200);
  });
  const { dataDirectory } = world;
  await expect
    .poll(async () => (await workProcessesOf(dataDirectory)).length, { timeout: 60_000 })
    .toBe(withService);
  await expect
    .poll(async () => (await workFoldersOf(dataDirectory)).filter(isOfControl), { timeout: 60_000 })
    .toEqual([]);
});

const isOfControl = (path: string): boolean => !path.startsWith('run/data/');

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the server sent
  readonly body: any;
}

type Request = (method: string, path: string, body?: unknown) => Promise<Answer>;

interface World extends AsyncDisposable {
  readonly dataDirectory: string;
  readonly controls: readonly KeptPlane[];
  /** Of any of the control planes, and of the next one where that is away. Sent until it is answered, and done once. */
  readonly request: Request;
}

async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const dataDirectory = await makeTempFolder();
  const output: string[] = [];
  const settings = {
    ...planeSettings({ dataDirectory, projectKey: project, client }),
    BERTH_DATABASE_URL: await makeDatabase(inject('postgresUrl')),
    BERTH_APPS_PORTS: pickPorts(deployments + 100),
    BERTH_SANDBOX: 'off',
  };
  const keep = (plane: 'control' | 'data'): KeptPlane => {
    const kept = keepPlane(plane, { program, settings, output });
    stack.defer(() => kept.stop());
    return kept;
  };
  const data = keep('data');
  const controls = Array.from({ length: controlPlanes }, () => keep('control'));
  await data.ready();
  const ports = await Promise.all(controls.map((plane) => plane.ready()));
  const request = await openClient(ports.map((port) => `http://127.0.0.1:${port}`));
  const opened = stack.move();
  return { dataDirectory, controls, request, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const answered = (status: number): boolean => status !== 0 && status < 500;

async function openClient(apis: readonly string[]): Promise<Request> {
  let turn = 0;
  const send = async (method: string, path: string, init: RequestInit): Promise<Answer> => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      turn += 1;
      const answer = await ask(`${apis[turn % apis.length]}${path}`, { method, ...init });
      if (answered(answer.status) || Date.now() > deadline) return answer;
      await wait(20);
    }
  };
  const login = await send('POST', '/oauth/token', {
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const authorization = `Bearer ${login.body.access_token}`;
  return (method, path, body) =>
    send(
      method,
      path,
      body === undefined
        ? { headers: { authorization } }
        : {
            headers: {
              authorization,
              'content-type': 'application/json',
              'idempotency-key': randomUUID(),
            },
            body: JSON.stringify(body),
          },
    );
}

/** Status 0: nobody answers there now. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    return { status: 0, body: String(error) };
  }
}

async function preview(
  request: Request,
  applications: Parameters<typeof tinyConnector>[0],
): Promise<string> {
  const repository = await createRepository({ files: tinyConnector(applications), tag: 'v1' });
  onTestFinished(() => repository[Symbol.asyncDispose]());
  const { body } = await request('POST', '/connectors/drafts', {
    name: 'Of many planes',
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${body.id}`;
  await request('POST', path, {
    version: body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  await expect
    .poll(async () => (await request('GET', path)).body.isPreviewable, { timeout: 60_000 })
    .toBe('true');
  return body.id;
}

async function settle(request: Request, path: string): Promise<Answer> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const answer = await request('GET', path);
    if (['Deployed', 'Failed'].includes(answer.body.status) || Date.now() > deadline) return answer;
    await wait(100);
  }
}

/** Kills a random one now and then: by what is done, so that a slow machine is killed no more often than a fast one. */
function createKiller(planes: readonly KeptPlane[]) {
  const stopping = new AbortController();
  let done = 0;
  let kills = 0;
  let killing = Promise.resolve();
  const kill = async (): Promise<void> => {
    const plane = planes[Math.floor(Math.random() * planes.length)];
    await plane?.ready();
    await wait(Math.random() * 500);
    if (stopping.signal.aborted) return;
    plane?.kill();
    kills += 1;
  };
  return {
    oneMoreIsDone(): void {
      done += 1;
      if (done % donePerKill === 0) killing = killing.then(kill);
    },
    async stop(): Promise<number> {
      stopping.abort();
      await killing;
      return kills;
    },
  };
}

/** In order, so many at a time. */
async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = [...items.entries()];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        results[next[0]] = await work(next[1]);
    }),
  );
  return results;
}
