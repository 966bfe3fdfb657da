import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, settleDeployment } from '../support/deploy.ts';
import { type Gate, makeGate } from '../support/gate.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';

let berth: Berth;
let repository: TestRepository;

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    startBerth(),
    createRepository({ files: tinyConnector({ web: {} }), tag: 'quick' }),
  ]);
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const cliId = `commercetools-cli-${'0'.repeat(32)}`;

/** A request with headers of its own. */
async function ask(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
  signal: AbortSignal | null = null,
): Promise<Answer> {
  const response = await fetch(`${berth.api}${path}`, {
    method,
    headers: { authorization: `Bearer ${await berth.token()}`, ...headers },
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const applied = ({ headers }: Answer) => headers.get('preference-applied');

/** A tag whose application comes up once the gate is open. */
async function gatedTag(): Promise<{ tag: string; gate: Gate }> {
  const tag = `gated-${crypto.randomUUID().slice(0, 8)}`;
  const gate = makeGate(await makeTempFolder(), tag);
  await repository.commit({ 'web/server.cjs': gate.program(tinyServer) }, tag);
  return { tag, gate };
}

/** A Deployment that stays Deploying until the gate is open. */
async function deployGated(): Promise<{ path: string; id: string; gate: Gate }> {
  const { tag, gate } = await gatedTag();
  const connector = await previewConnector(berth, { url: repository.url, tag });
  const created = await ask('POST', '/test-project/deployments', {}, draftOf(connector));
  expect(created.body.status).toBe('Deploying');
  const { id } = created.body;
  return { id, path: `/test-project/deployments/${id}`, gate };
}

/** The draft of a Deployment that is deployed as fast as it goes. */
async function quickDraft() {
  return draftOf(await previewConnector(berth, { url: repository.url, tag: 'quick' }));
}

describe('a Deployment that is busy', () => {
  test('is answered when it is settled, for who prefers to wait', async () => {
    const { path, gate } = await deployGated();
    const waiting = ask('GET', path, { prefer: 'respond-async, wait=60' });
    const impatient = await ask('GET', path, { prefer: 'wait=0' });
    expect([impatient.body.status, applied(impatient)]).toEqual(['Deploying', 'wait=0']);

    await gate.open();
    const answer = await waiting;
    expect([answer.status, answer.body.status, applied(answer)]).toEqual([
      200,
      'Deployed',
      'wait=60',
    ]);
    expect(answer.body.details.build.report.entries.at(-1).title).toBe('Deployment finished');
  });

  test('is answered as it is when the time is up', async () => {
    const { path, id, gate } = await deployGated();
    const answer = await ask('GET', path, { prefer: 'wait=1' });
    expect([answer.body.status, applied(answer)]).toEqual(['Deploying', 'wait=1']);
    await gate.open();
    await settleDeployment(berth, id);
  });

  test('is answered at once where the preference cannot be read, and no header says otherwise', async () => {
    const { path, id, gate } = await deployGated();
    for (const prefer of ['wait', 'wait=soon', 'wait=-5', '"', 'handling=strict']) {
      const answer = await ask('GET', path, { prefer });
      expect([answer.status, answer.body.status, applied(answer)], prefer).toEqual([
        200,
        'Deploying',
        null,
      ]);
    }
    await gate.open();
    await settleDeployment(berth, id);
  });

  test('is kept for the poll of the official CLI, and for no other client', async () => {
    const { path, id, gate } = await deployGated();
    const described = await ask('GET', path, {});
    expect(described.body.status).toBe('Deploying');
    await gate.open();
    const { body } = await settleDeployment(berth, id);

    const action = { version: body.version, actions: [{ action: 'redeploy' }] };
    const redeployed = await ask('POST', path, { 'x-correlation-id': cliId }, action);
    expect(redeployed.body.status).toBe('Deploying');
    const polled = await ask('GET', path, { 'x-correlation-id': cliId });
    expect([polled.body.status, applied(polled)]).toEqual(['Deployed', null]);
  });

  test('does not keep a server from stopping', async () => {
    await using own = await startBerth();
    const { tag, gate } = await gatedTag();
    const connector = await previewConnector(own, { url: repository.url, tag });
    const created = await own.request('POST', '/test-project/deployments', draftOf(connector));
    const token = await own.token();
    const waiting = fetch(`${own.api}/test-project/deployments/${created.body.id}`, {
      headers: { authorization: `Bearer ${token}`, prefer: 'wait=60' },
    });
    await expect.poll(gate.arrivals).toHaveLength(1);
    const startedAt = performance.now();
    await own.stop();
    expect((await waiting).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

describe('a write, for who prefers to wait', () => {
  test('is answered with what became of it, and with the statuses of ever', async () => {
    const prefer = { prefer: 'wait=60' };
    const path = '/test-project/deployments';
    const created = await ask('POST', path, prefer, await quickDraft());
    expect([created.status, created.body.status, applied(created)]).toEqual([
      201,
      'Deployed',
      'wait=60',
    ]);

    const { id, version } = created.body;
    const action = { version, actions: [{ action: 'redeploy' }] };
    const redeployed = await ask('POST', `${path}/${id}`, prefer, action);
    expect([redeployed.status, redeployed.body.status]).toEqual([201, 'Deployed']);

    const deleted = await ask('DELETE', `${path}/${id}`, prefer);
    expect([deleted.status, deleted.body.id, applied(deleted)]).toEqual([200, id, 'wait=60']);
    expect((await ask('GET', `${path}/${id}`, {})).status).toBe(404);
  });

  test('a delete that was waited for in vain is still under way', async () => {
    const deployed = await deploy(berth, await quickDraft());
    const path = `/test-project/deployments/${deployed.body.id}`;
    const deleted = await ask('DELETE', path, { prefer: 'wait=0' });
    expect([deleted.status, deleted.body.status]).toEqual([202, 'Undeploying']);
    const gone = await ask('GET', path, { prefer: 'wait=60' });
    expect([gone.status, gone.body.errors[0].code]).toEqual([404, 'ResourceNotFound']);
  });
});

describe('a ConnectorStaged', () => {
  test('is answered when its preview, or its publish, has ended', async () => {
    const created = await ask(
      'POST',
      '/connectors/drafts',
      {},
      {
        name: 'A connector',
        creator: { email: 'somebody@example.com' },
        repository: { url: repository.url, tag: 'quick' },
      },
    );
    const path = `/connectors/drafts/${created.body.id}`;
    const act = (headers: Readonly<Record<string, string>>, version: number, action: object) =>
      ask('POST', path, headers, { version, actions: [action] });

    const asked = await act({}, created.body.version, { action: 'updatePreviewable' });
    expect(asked.body.isPreviewable).toBe('pending');
    const previewed = await ask('GET', path, { prefer: 'wait=60' });
    expect([previewed.body.isPreviewable, applied(previewed)]).toEqual(['true', 'wait=60']);

    const publish = { action: 'publish', certification: false };
    const published = await act({ prefer: 'wait=60' }, previewed.body.version, publish);
    expect([published.status, published.body.status]).toEqual([201, 'Published']);

    const again = await act({}, published.body.version, publish);
    expect(again.body.status).toBe('Processing');
    const polled = await ask('GET', path, { 'x-correlation-id': cliId });
    expect(polled.body.status).toBe('Published');
  });
});
