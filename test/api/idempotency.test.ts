import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import type { Store } from '../../src/ports/store.ts';
import type { Answer } from '../support/berth.ts';
import { answerCheck, operationsOf } from '../support/openapi.ts';
import { openTempPlane } from '../support/temp-plane.ts';
import { openTokenIssuer } from '../support/token-issuer.ts';
import { openWorld, type World } from './error-table/world.ts';
import { type Prepared, repeatableRequests } from './repeatable-requests.ts';
import { detailsOf, expectErrors } from './support.ts';

const dayMs = 24 * 3600 * 1000;
const posts = routes
  .filter(({ method, readsOnly }) => method === 'POST' && readsOnly !== true)
  .map(({ name }) => name);
const document = JSON.parse(JSON.stringify(buildDocument(routes)));
const checkAnswer = answerCheck(document);

/** The next commit of the API: the process ends right before it, or right after it. */
let cut: 'before' | 'after' | undefined;
/** What happens right before the next commit of the API. */
let ahead: (() => Promise<void>) | undefined;
/** How far the clock is moved. */
let aheadMs = 0;
let world: World;

beforeAll(async () => {
  world = await openWorld({ clock: { now: () => Date.now() + aheadMs }, storeOfApi: cutting });
  const { store } = world.plane;
  // Somebody has to end what is cancelled, or its request would wait.
  store.watch(() => void endCancelled(store));
});

beforeEach(() => {
  aheadMs = 0;
  cut = undefined;
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

function cutting(store: Store): Store {
  return {
    ...store,
    async commit(changes, fence) {
      const [where, earlier] = [cut, ahead];
      cut = undefined;
      ahead = undefined;
      await earlier?.();
      if (where === 'before') throw new Error('Killed before the commit');
      await store.commit(changes, fence);
      if (where === 'after') throw new Error('Killed after the commit');
    },
  };
}

async function endCancelled(store: Store): Promise<void> {
  for (const { id } of await store.operations.cancelRequests())
    await store.commit([
      { kind: 'finish-operation', operationId: id, state: 'cancelled', finishedAt: Date.now() },
    ]);
}

function post(
  { path, body }: Prepared,
  key: string,
  { token, headers }: { token?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  return world.request('POST', path, body, {
    ...(token === undefined ? {} : { token }),
    headers: { 'idempotency-key': key, ...headers },
  });
}

const client = (name = 'Reader'): Prepared => ({
  path: `/${world.project}/api-clients`,
  body: { name, scope: `view_connectors:${world.project}` },
});
const replayed = ({ headers }: Answer) => headers.get('idempotency-replayed');

/** How much was done: each change of a client leaves an entry. */
async function countChanges(): Promise<number> {
  const { total } = await world.plane.store.auditLog.query(world.project, { limit: 0, offset: 0 });
  return total;
}

function expectDescribed(name: string, answer: Answer): void {
  const described = operationsOf(document).find(({ operation }) => operation.operationId === name);
  expect(described, name).toBeDefined();
  if (described !== undefined) expect(checkAnswer(described, answer)).toBeUndefined();
}

function prepare(name: string): Promise<Prepared> {
  const make = repeatableRequests[name];
  if (make === undefined) throw new Error(`Say in repeatable-requests.ts how ${name} is asked for`);
  return make(world);
}

describe.each(posts)('%s', (name) => {
  test('is done once, and a repeat gets the same answer', async () => {
    const [request, key] = [await prepare(name), randomUUID()];
    const before = await countChanges();

    const first = await post(request, key);
    const second = await post(request, key);

    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect([replayed(first), replayed(second)]).toEqual([null, 'true']);
    expect(await countChanges()).toBe(before + 1);
  });

  test('is done once where the process ends between the commit and the answer', async () => {
    const [request, key] = [await prepare(name), randomUUID()];
    const before = await countChanges();

    cut = 'after';
    expect((await post(request, key)).status).toBe(500);
    const [second, third] = [await post(request, key), await post(request, key)];

    expect(second.status, JSON.stringify(second.body)).toBeLessThan(300);
    expectDescribed(name, second);
    expect([replayed(second), third.body]).toEqual(['true', second.body]);
    expect(await countChanges()).toBe(before + 1);
  });

  test('is done by the repeat where the process ends before the commit', async () => {
    const [request, key] = [await prepare(name), randomUUID()];
    const before = await countChanges();

    cut = 'before';
    expect((await post(request, key)).status).toBe(500);
    expect(await countChanges()).toBe(before);
    const second = await post(request, key);

    expect(second.status, JSON.stringify(second.body)).toBeLessThan(300);
    expect(replayed(second)).toBeNull();
    expect(await countChanges()).toBe(before + 1);
  });

  test('says in its description that it can be repeated', () => {
    const described = operationsOf(document).find(
      ({ operation }) => operation.operationId === name,
    );
    const header = { name: 'idempotency-key', in: 'header', required: false };
    expect(described?.operation.parameters).toContainEqual(expect.objectContaining(header));
    expect(Object.keys(described?.operation.responses ?? {})).toEqual(
      expect.arrayContaining(['409', '422']),
    );
  });
});

describe('a key', () => {
  test('lets one of many requests at once do it; the others are told to wait, or get its answer', async () => {
    const [request, key] = [await prepare('createDeployment'), randomUUID()];
    const before = await countChanges();

    const answers = await Promise.all(Array.from({ length: 12 }, () => post(request, key)));

    const done = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(done.filter((answer) => replayed(answer) === null)).toHaveLength(1);
    expect(new Set(done.map(({ body }) => body.id)).size).toBe(1);
    expect(refused).not.toEqual([]);
    for (const answer of refused) {
      expectErrors(answer, 409, ['IdempotencyKeyInUse']);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await countChanges()).toBe(before + 1);
    expect((await post(request, key)).body).toEqual(done[0]?.body);
  });

  test('belongs to one request: another body or path is refused, and nothing happens', async () => {
    const key = randomUUID();
    await post(client('One'), key);
    const before = await countChanges();

    for (const other of [
      client('Another'),
      { ...client('One'), path: `${client().path}?more` },
      await prepare('createConnectorStaged'),
    ])
      expectErrors(await post(other, key), 422, ['IdempotencyKeyReused']);
    expect(await countChanges()).toBe(before);
    expect(replayed(await post(client('One'), key))).toBe('true');
  });

  test('belongs to one request while that is running, too', async () => {
    const { path, body } = await prepare('createDeployment');
    const named = (name: string) => ({ path, body: { ...(body as object), key: name } });
    const key = randomUUID();
    const headers = { prefer: 'wait=60' };
    const first = post(named('runs-long'), key, { headers });
    const there = () => world.get(world.deploymentPath('key=runs-long'));
    await expect.poll(async () => (await there()).status).toBe(200);

    expectErrors(await post(named('runs-long'), key), 409, ['IdempotencyKeyInUse']);
    expectErrors(await post(named('another'), key), 422, ['IdempotencyKeyReused']);
    while (await world.plane.work('succeed'));

    // What is kept is what was answered in the end.
    const [answered, again] = [await first, await post(named('runs-long'), key, { headers })];
    expect(answered.body.status).toBe('Deployed');
    expect([replayed(again), again.body]).toEqual(['true', answered.body]);
    expect(again.headers.get('preference-applied')).toBe('wait=60');
  });

  test('of another API client or project is another key', async () => {
    const key = randomUUID();
    const scope = `manage_api_clients:${world.project}`;
    const made = await world.post(client().path, { name: 'Maker', scope });
    const another = await tokenOf(made);
    const elsewhere = await world.plane.token('another-project');
    const there = {
      path: '/another-project/api-clients',
      body: { name: 'Reader', scope: 'view_connectors:another-project' },
    };

    const answers = [
      await post(client(), key),
      await post(client(), key, { token: another }),
      await post(there, key, { token: elsewhere }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers.map(replayed)).toEqual([null, null, null]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(3);
  });

  test('needs a token that may do it, whatever is kept', async () => {
    const key = randomUUID();
    await post(client(), key);
    const scope = `view_connectors:${world.project}`;
    const reader = await tokenOf(await world.post(client().path, { name: 'Reader', scope }));

    expectErrors(await post(client(), key, { token: 'none' }), 401, ['invalid_token']);
    expectErrors(await post(client(), key, { token: reader }), 403, ['AuthorizationError']);
  });

  test('is free again after 24 hours', async () => {
    const key = randomUUID();
    const first = await post(client(), key);
    aheadMs = dayMs - 60_000;
    expect(replayed(await post(client(), key))).toBe('true');

    aheadMs = dayMs;
    const later = await post(client('Another'), key);
    expect([later.status, replayed(later)]).toEqual([201, null]);
    expect(later.body.id).not.toBe(first.body.id);
    expect((await post(client('Another'), key)).body).toEqual(later.body);
  });

  test('can be used again where its request was refused', async () => {
    const key = randomUUID();
    expectErrors(await post(client(''), key), 400, ['InvalidJsonInput']);
    const { path, body } = await prepare('createDeployment');
    const twice = { path, body: { ...(body as object), key: 'refused-once' } };
    expect((await post(twice, randomUUID())).status).toBe(201);
    expectErrors(await post(twice, key), 400, ['DuplicateField']);

    const corrected = { path, body: { ...(body as object), key: 'refused-no-more' } };
    const answer = await post(corrected, key);
    expect([answer.status, replayed(answer)]).toEqual([201, null]);
  });

  test.each([
    ['nothing', ''],
    ['a space', 'one two'],
    ['too much', 'x'.repeat(256)],
    ['no ASCII', 'schlüssel'],
  ])('of %s is refused', async (_, key) => {
    const answer = await post(client(), key);
    expectErrors(answer, 400, ['InvalidHeader']);
    expect(detailsOf(answer)).toEqual([
      'idempotency-key: Must be 1 to 255 visible ASCII characters',
    ]);
  });

  test.each(['!', `"${randomUUID()}"`, '~'.repeat(255)])('of %s is fine', async (key) => {
    await post(client(), key);
    expect(replayed(await post(client(), key))).toBe('true');
  });

  test('means nothing to other methods, nor to the token endpoint', async () => {
    const headers = { 'idempotency-key': 'one two' };
    const { body } = await world.draft();
    const path = `/connectors/drafts/${body.id}`;
    expect((await world.request('GET', path, undefined, { headers })).status).toBe(200);
    expect((await world.request('DELETE', path, undefined, { headers })).status).toBe(200);
    const made = await world.post(client().path, client().body);
    expect(await tokenOf(made, headers)).not.toBe(await tokenOf(made, headers));
  });
});

test('a key of a client of another issuer is another key, also where the client id is the same', async () => {
  await using issuer = await openTokenIssuer();
  await using plane = await openTempPlane({ introspectionUrl: issuer.url });
  const own = await plane.token('shop');
  const send = (token: string) =>
    fetch(`${plane.url}/shop/api-clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'the-same' },
      body: JSON.stringify({ name: 'Reader', scope: 'view_connectors:shop' }),
    });
  const first = await send(own);
  const { body } = await plane.request('GET', '/shop/audit-log?limit=1', undefined, own);
  const { clientId } = body.results[0].actor;
  issuer.answers.set('foreign', {
    active: true,
    scope: 'manage_api_clients:shop',
    client_id: clientId,
  });
  const second = await send('foreign');

  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.headers.get('idempotency-replayed')).toBeNull();
  expect(await second.text()).not.toBe(await first.text());
});

test('without a key a request is done as often as it is sent', async () => {
  const [one, other] = [client(), client()];
  const answers = [await world.post(one.path, one.body), await world.post(other.path, other.body)];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  expect(answers[0]?.body.id).not.toBe(answers[1]?.body.id);
});

test('a refusal that comes after the commit is what a repeat gets', async () => {
  const { store } = world.plane;
  const { path } = await prepare('cancelOperation');
  const [, operationId = ''] = /operations\/(.*)\/cancel/.exec(path) ?? [];
  const key = randomUUID();
  const finishedAt = Date.now();
  // It ends between the look at it and the request to cancel it.
  ahead = () =>
    store.commit([{ kind: 'finish-operation', operationId, state: 'succeeded', finishedAt }]);

  const [first, second] = [await post({ path }, key), await post({ path }, key)];

  expectErrors(first, 400, ['OperationNotCancellable']);
  expect([second.status, second.body, replayed(second)]).toEqual([400, first.body, 'true']);
});

test('a secret in a kept answer is good, and is readable nowhere on disk', async () => {
  const [name, key] = [`canary-${randomUUID()}`, randomUUID()];
  const first = await post(client(name), key);
  const again = await post(client(name), key);

  expect(again.body.secret).toBe(first.body.secret);
  expect(await tokenOf(again)).toMatch(/./);
  const disk = Buffer.concat([await readAll(world.folder), await world.plane.readRecords()]);
  expect(disk.includes(name)).toBe(true);
  expect(disk.includes(first.body.secret)).toBe(false);
  expect(disk.includes(Buffer.from(first.body.secret).toString('base64url'))).toBe(false);
});

async function tokenOf(
  { body }: Answer,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const authorization = `Basic ${btoa(`${body.id}:${body.secret}`)}`;
  const path = '/oauth/token?grant_type=client_credentials';
  const answer = await world.request('POST', path, undefined, {
    headers: { authorization, ...headers },
  });
  expect(answer.status).toBe(200);
  return answer.body.access_token;
}

async function readAll(folder: string): Promise<Buffer> {
  const names = await readdir(folder);
  const files = names.filter((name) => name.includes('.sqlite'));
  return Buffer.concat(await Promise.all(files.map((name) => readFile(join(folder, name)))));
}
