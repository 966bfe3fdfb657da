import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { addProject, detailsOf, expectErrors, type TestProject, tokenWith } from './support.ts';

let berth: Berth;

beforeAll(async () => {
  berth = await startBerth();
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
});

const path = '/test-project/api-clients';
const create = (name: string, scope = 'view_connectors:test-project', token?: string) =>
  berth.request('POST', path, { name, scope }, token);
const get = (id: string) => berth.request('GET', `${path}/${encodeURIComponent(id)}`);
const remove = (id: string) => berth.request('DELETE', `${path}/${encodeURIComponent(id)}`);

describe('a new API client', () => {
  test('is answered with its secret, which is shown nowhere else', async () => {
    const { status, body } = await create('Reader');

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[\w-]{24}$/),
      name: 'Reader',
      scope: 'view_connectors:test-project',
      createdAt: new Date(body.createdAt).toISOString(),
      secret: expect.stringMatching(/^[\w-]{32}$/),
    });
    const { secret, ...shown } = body;
    expect((await get(body.id)).body).toEqual(shown);
    const all = await berth.request('GET', `${path}?limit=500`);
    expect(all.body.results).toContainEqual(shown);
    expect(JSON.stringify(all.body)).not.toContain(secret);
    expect((await remove(body.id)).body).toEqual(shown);
  });

  test('has the scopes that it was given, each once', async () => {
    const scope = 'view_connectors:test-project manage_orders:test-project';
    const { body } = await create('Doubled', `${scope}  view_connectors:test-project `);

    expect(body.scope).toBe(scope);
    const token = await berth.token(body);
    expect((await berth.request('GET', '/connectors/drafts', undefined, token)).status).toBe(200);
    expectErrors(await berth.request('GET', '/test-project/deployments', undefined, token), 403, [
      'AuthorizationError',
    ]);
  });

  test('may have the name of another one, and any characters in it', async () => {
    const names = [
      'Reader',
      'Reader',
      'Zoë’s "client" \\ 漢字',
      '__proto__',
      '<b>',
      'x'.repeat(256),
    ];
    for (const name of names) {
      const made = await create(name);
      expect([made.status, (await get(made.body.id)).body.name]).toEqual([201, name]);
    }
  });

  test.for([
    ['manage_project:other-project', ['manage_project:other-project']],
    ['manage_project', ['manage_project']],
    [':test-project', [':test-project']],
    ['a:test-project b:other c', ['b:other', 'c']],
    ['manage_project:test-project:x', ['manage_project:test-project:x']],
    ['MANAGE:test-project', ['MANAGE:test-project']],
    ['manage_project:test-project\tmanage_orders:test-project', ['manage_project:test-project\t']],
  ] as const)('cannot have the scope "%s"', async ([scope, wrong]) => {
    const answer = await create('Wrong', scope);

    expectErrors(answer, 400, Array(wrong.length).fill('InvalidJsonInput'));
    wrong.forEach((one, index) => {
      expect(detailsOf(answer)[index]).toContain(`scope: ${one}`);
    });
  });

  test.for([
    [{}, ['name', 'scope']],
    [{ name: '', scope: '' }, ['name', 'scope']],
    [{ name: 'x'.repeat(257), scope: 'a:test-project' }, ['name']],
    [{ name: 'x', scope: ['a:test-project'] }, ['scope']],
    [{ name: 'x', scope: 'a:test-project '.repeat(1000) }, ['scope']],
    [{ name: 'x', scope: '   ' }, ['scope']],
  ] as const)('of %# is refused', async ([body, fields]) => {
    const answer = await berth.request('POST', path, body);

    expectErrors(answer, 400, Array(fields.length).fill('InvalidJsonInput'));
    expect(detailsOf(answer).map((detail) => detail.split(':')[0])).toEqual(fields);
  });

  test('can be made by whoever may manage API clients, and by nobody else', async () => {
    const manager = await tokenWith(berth, ['manage_api_clients']);
    const viewer = await tokenWith(berth, ['view_api_clients', 'manage_project']);

    expect((await create('Made', undefined, manager)).status).toBe(201);
    expectErrors(await create('Not made', undefined, viewer), 403, ['AuthorizationError']);
  });
});

describe('an API client', () => {
  test('that does not exist is not found', async () => {
    for (const id of ['nobody', '__proto__', 'a b', "' or 1=1", 'x'.repeat(256)]) {
      expectErrors(await get(id), 404, ['ResourceNotFound']);
      expectErrors(await remove(id), 404, ['ResourceNotFound']);
    }
    expect((await get('nobody')).body.message).toBe(
      'ApiClient with id=nobody or key= does not exist',
    );
    expectErrors(await get('x'.repeat(257)), 400, ['InvalidPathParam']);
  });

  test('is deleted once', async () => {
    const { body } = await create('Short-lived');

    expect((await remove(body.id)).status).toBe(200);
    expectErrors(await remove(body.id), 404, ['ResourceNotFound']);
    expectErrors(await get(body.id), 404, ['ResourceNotFound']);
  });
});

describe('a query of API clients', () => {
  let project: TestProject;
  /** The newest first; the last one is the project's own. */
  let own: string[];
  const query = (text: string): Promise<Answer> =>
    berth.request('GET', `/listing-project/api-clients?${text}`, undefined, project.token);
  const ids = async (text: string) => {
    const { body } = await query(text);
    expect(body).toMatchObject({ total: own.length, count: body.results.length });
    return body.results.map(({ id }: { id: string }) => id);
  };

  beforeAll(async () => {
    project = await addProject(berth, 'listing-project');
    own = [project.client.id];
    for (const name of ['first', 'second', 'third']) {
      const client = { name, scope: 'view_connectors:listing-project' };
      const listing = '/listing-project/api-clients';
      own.unshift((await berth.request('POST', listing, client, project.token)).body.id);
    }
  });

  test('lists those of the project, the newest first', async () => {
    expect(await ids('')).toEqual(own);
    expect((await query('')).body).toMatchObject({ limit: 20, offset: 0 });
  });

  test('goes through them page by page', async () => {
    expect(await ids('limit=3')).toEqual(own.slice(0, 3));
    expect(await ids('limit=3&offset=3')).toEqual(own.slice(3));
    expect(await ids('limit=0')).toEqual([]);
    expect(await ids('offset=4')).toEqual([]);
  });

  test('is sorted as asked', async () => {
    expect(await ids('sort=createdAt%20desc')).toEqual(own);
    expect(await ids('sort=createdAt%20asc')).toEqual(own.toReversed());
  });

  test.for(['limit=501', 'offset=-1', 'sort=name', 'limit=x'])(
    'with %s is refused',
    async (text) => {
      expectErrors(await query(text), 400, ['InvalidQueryParam']);
    },
  );
});
