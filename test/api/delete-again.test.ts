import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import { type ControlPlane, openControlPlane } from '../support/control-plane.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { shopFiles, shopGlobals, values } from './shop-connector.ts';

const project = 'shop';

let folder: string;
let repository: TestRepository;
let plane: ControlPlane;
let token: string;
let connectorId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-delete-'));
  repository = await createRepository({ files: shopFiles, tag: 'v1' });
  plane = await openControlPlane(folder, 1);
  token = await plane.token(project);
  const { body } = await request('POST', '/connectors/drafts', {
    name: 'Shop',
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  connectorId = body.id;
  await request('POST', `/connectors/drafts/${connectorId}`, {
    version: body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  await plane.work('succeed');
});
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  await repository?.remove();
  await rm(folder, { recursive: true, force: true });
});

const request = (method: string, path: string, body?: unknown): Promise<Answer> =>
  plane.request(method, path, body, token);
const at = (key: string) => `/${project}/deployments/key=${key}`;
const statusOf = async (key: string) => (await request('GET', at(key))).body.status;

async function create(key: string, application: string, outcome: 'succeed' | 'fail') {
  const answer = await request('POST', `/${project}/deployments`, {
    key,
    connector: { id: connectorId, staged: true },
    region: 'europe-west1.gcp',
    configurations: [values(application)],
    globalConfiguration: shopGlobals,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  await plane.work(outcome);
}

/** Sends a message to the only topic of the Deployment, and answers its name. */
async function published(key: string): Promise<string> {
  const { id } = (await request('GET', at(key))).body;
  const addresses = await plane.store.runtime.addresses();
  const topic = addresses.find(({ deploymentId }) => deploymentId === id)?.hostLabel ?? '';
  const path = `/v1/projects/${project}/topics/${topic}:publish`;
  expect((await request('POST', path, { messages: [{ data: 'eA==' }] })).status).toBe(200);
  expect(await plane.events.depth(topic)).toMatchObject({ waiting: 1 });
  return topic;
}

test('a delete that failed behind the last process is taken up again, messages included', async () => {
  await create('halfway', 'handler', 'succeed');
  const topic = await published('halfway');
  await request('DELETE', at('halfway'));
  await plane.work('fail');
  expect(await statusOf('halfway')).toBe('UndeployFailed');

  const again = await request('DELETE', at('halfway'));
  expect([again.status, again.body.status]).toEqual([202, 'Undeploying']);
  await plane.work('succeed');

  expect((await request('GET', at('halfway'))).status).toBe(404);
  expect(await plane.events.depth(topic)).toMatchObject({ waiting: 0 });
});

test('messages for a Deployment that never started do not wait for the next of its key', async () => {
  await create('never', 'handler', 'fail');
  const topic = await published('never');

  const answer = await request('DELETE', at('never'));
  expect([answer.status, answer.body.status]).toEqual([202, 'Undeploying']);
  await plane.work('succeed');

  expect((await request('GET', at('never'))).status).toBe(404);
  expect(await plane.events.depth(topic)).toMatchObject({ waiting: 0 });
});

test('what never started and has no topic is gone at once', async () => {
  await create('nothing', 'tick', 'fail');
  const answer = await request('DELETE', at('nothing'));

  expect([answer.status, answer.body.status]).toEqual([200, 'Undeploying']);
  expect((await request('GET', at('nothing'))).status).toBe(404);
});
