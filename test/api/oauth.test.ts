import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { addProject, type RawRequest, send, type TestProject } from './support.ts';

let berth: Berth;
let foreign: TestProject;

beforeAll(async () => {
  // What Berth prints is looked at below: let it print all it can.
  berth = await startBerth({ environment: { BERTH_LOG_LEVEL: 'trace' } });
  foreign = await addProject(berth, 'foreign-project');
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
});

interface Credentials {
  readonly id: string;
  readonly secret: string;
}

const basic = ({ id, secret }: Credentials = berth.client) => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
});
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const post = (request: RawRequest) => send(berth, { method: 'POST', ...request });

function askToken(form: Readonly<Record<string, string>>, client?: Credentials): Promise<Answer> {
  return post({
    path: '/oauth/token',
    headers: { ...basic(client), ...formType },
    body: new URLSearchParams(form).toString(),
  });
}

function introspect(token: string, client?: Credentials): Promise<Answer> {
  return post({
    path: '/oauth/introspect',
    headers: { ...basic(client), ...formType },
    body: new URLSearchParams({ token }).toString(),
  });
}

const useToken = (token: string) =>
  berth.request('GET', `/${berth.projectKey}/deployments`, undefined, token);

async function newClient(...names: readonly string[]): Promise<Credentials> {
  const { body } = await berth.request('POST', `/${berth.projectKey}/api-clients`, {
    name: 'A client',
    scope: names.map(scope).join(' '),
  });
  return { id: body.id, secret: body.secret };
}

const scope = (name: string) => `${name}:${berth.projectKey}`;

/** commercetools' own form: the API's envelope and OAuth's fields in one. */
function expectRefusal(answer: Answer, status: number, code: string, message?: string): void {
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({
    statusCode: status,
    message: message ?? expect.stringMatching(/./),
    errors: [{ code, message: answer.body.message }],
    error: code,
    error_description: answer.body.message,
  });
}

describe('a token', () => {
  const forms: Readonly<Record<string, () => RawRequest>> = {
    'Basic and a form': () => ({
      path: '/oauth/token',
      headers: { ...basic(), ...formType },
      body: 'grant_type=client_credentials',
    }),
    'Basic and a query, with an empty JSON body': () => ({
      path: '/oauth/token?grant_type=client_credentials',
      headers: { ...basic(), 'content-type': 'application/json' },
    }),
    'Basic and a query, without any body': () => ({
      path: '/oauth/token?grant_type=client_credentials',
      headers: basic(),
      chunked: true,
    }),
    'Basic and JSON': () => ({
      path: '/oauth/token',
      headers: { ...basic(), 'content-type': 'application/json' },
      body: '{"grant_type":"client_credentials"}',
    }),
    'a form that holds the credentials': () => ({
      path: '/oauth/token',
      headers: formType,
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: berth.client.id,
        client_secret: berth.client.secret,
      }).toString(),
    }),
    'the path of the official CLI': () => ({
      path: '/.commercetools.com/oauth/token',
      headers: { ...basic(), ...formType },
      body: 'grant_type=client_credentials',
    }),
  };

  test.for(Object.keys(forms))('is given for %s', async (name) => {
    const request = forms[name];
    if (request === undefined) throw new Error('No such form');
    const { status, body } = await post(request());

    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{32,}$/),
      token_type: 'Bearer',
      expires_in: 172_800,
      scope: expect.stringMatching(/./),
    });
    expect(body.scope.split(' ')).toContain(scope('manage_project'));
    expect((await useToken(body.access_token)).status).toBe(200);
  });

  test('has the scopes that were asked for and no more', async () => {
    const { status, body } = await askToken({
      grant_type: 'client_credentials',
      scope: `${scope('view_connectors_deployments')} ${scope('view_connectors')}`,
    });

    expect([status, body.scope]).toEqual([
      200,
      `${scope('view_connectors_deployments')} ${scope('view_connectors')}`,
    ]);
    const path = `/${berth.projectKey}/deployments`;
    expect((await berth.request('GET', path, undefined, body.access_token)).status).toBe(200);
    expect((await berth.request('POST', path, {}, body.access_token)).status).toBe(403);
  });

  test('has all scopes of its client where none was asked for', async () => {
    const client = await newClient('view_connectors', 'manage_connectors_deployments');
    const { body } = await askToken({ grant_type: 'client_credentials' }, client);

    expect(body.scope).toBe(
      `${scope('view_connectors')} ${scope('manage_connectors_deployments')}`,
    );
  });

  test('is another one each time', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => berth.token()));

    expect(new Set(tokens).size).toBe(5);
  });
});

describe('no token', () => {
  test.for([
    ['a wrong secret', () => basic({ ...berth.client, secret: 'wrong' })],
    ['an empty secret', () => basic({ ...berth.client, secret: '' })],
    ['an unknown client', () => basic({ id: 'nobody', secret: 'wrong' })],
    [
      'the client of another project with a wrong secret',
      () => basic({ ...foreign.client, secret: berth.client.secret }),
    ],
    ['no credentials', () => ({})],
    ['credentials that are no base64', () => ({ authorization: 'Basic !!!' })],
    ['credentials without a colon', () => ({ authorization: `Basic ${btoa('test-client')}` })],
    ['a token in place of credentials', () => ({ authorization: 'Bearer abc' })],
    ['a very long header', () => ({ authorization: `Basic ${btoa(`a:${'x'.repeat(9000)}`)}` })],
  ] as const)('is given for %s', async ([, headers]) => {
    for (const path of ['/oauth/token', '/.commercetools.com/oauth/token', '/oauth/introspect']) {
      const answer = await post({
        path,
        headers: { ...formType, ...headers() },
        body: 'grant_type=client_credentials&token=x',
      });

      expectRefusal(answer, 401, 'invalid_client');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });

  test.for([
    ['a scope that its client has not', 'manage_orders:test-project'],
    ['a scope that does not exist', 'manage_everything:test-project'],
    ['a scope of another project', 'manage_project:foreign-project'],
    ['a scope without its project', 'manage_project'],
    ['one scope too many', 'manage_project:test-project manage_orders:test-project'],
  ] as const)('is given for %s', async ([, asked]) => {
    const answer = await askToken({ grant_type: 'client_credentials', scope: asked });

    expectRefusal(answer, 400, 'invalid_scope', `Permissions exceeded: ${asked.split(' ').at(-1)}`);
  });

  test('is given for a scope that only another client has', async () => {
    const client = await newClient('view_connectors');

    expectRefusal(
      await askToken({ grant_type: 'client_credentials', scope: scope('manage_project') }, client),
      400,
      'invalid_scope',
    );
  });

  test.for(['password', 'refresh_token', 'authorization_code', 'CLIENT_CREDENTIALS', ''])(
    'is given for the grant "%s"',
    async (grant) => {
      expectRefusal(await askToken({ grant_type: grant }), 400, 'unsupported_grant_type');
    },
  );

  test('is given without a grant', async () => {
    expectRefusal(await askToken({}), 400, 'invalid_request');
    expectRefusal(
      await post({
        path: '/oauth/token',
        headers: { ...basic(), 'content-type': 'application/json' },
        body: '{"grant_type":["client_credentials"]}',
      }),
      400,
      'invalid_request',
    );
  });
});

describe('a request with eighty thousand parameters', () => {
  const names = Array.from({ length: 80_000 }, (_, at) => `a${at}`);
  const bodies = {
    form: names.join('&'),
    JSON: JSON.stringify(Object.fromEntries(names.map((name) => [name, '']))),
  };

  // Nobody has logged in yet, and everybody else waits while it is read.
  test.for(Object.keys(bodies) as (keyof typeof bodies)[])('is read at once: %s', async (form) => {
    const started = performance.now();
    const { status } = await post({ path: '/oauth/token', headers: formType, body: bodies[form] });

    expect(status).toBe(401);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('introspection', () => {
  test('tells about an active token', async () => {
    const client = await newClient('view_connectors');
    const now = Date.now() / 1000;
    const { status, body } = await introspect(await berth.token(client));

    expect(status).toBe(200);
    expect(body).toEqual({
      active: true,
      scope: scope('view_connectors'),
      client_id: client.id,
      exp: expect.any(Number),
    });
    expect(body.exp - now).toBeGreaterThan(172_700);
    expect(body.exp - now).toBeLessThan(172_900);
  });

  test('answers at the path of the official CLI as well', async () => {
    const { body } = await post({
      path: '/.commercetools.com/oauth/introspect',
      headers: { ...basic(), ...formType },
      body: new URLSearchParams({ token: await berth.token() }).toString(),
    });

    expect(body.active).toBe(true);
  });

  test.for(['', 'never-given-out', 'x'.repeat(100_000), '\0', '../..', "' or 1=1 --"])(
    'knows nothing of the token %#',
    async (token) => {
      const { status, body } = await introspect(token);

      expect([status, body]).toEqual([200, { active: false }]);
    },
  );

  test('of another project’s token tells nothing', async () => {
    expect((await introspect(foreign.token)).body).toEqual({ active: false });
    expect((await introspect(foreign.token, foreign.client)).body.active).toBe(true);
  });

  test('without a token names what is missing', async () => {
    const answer = await post({ path: '/oauth/introspect', headers: { ...basic(), ...formType } });

    expectRefusal(answer, 400, 'invalid_request', 'Missing required parameter: token');
  });
});

describe('a deleted client', () => {
  test('has no working tokens and gets no new ones', async () => {
    const client = await newClient('manage_project');
    const other = await newClient('manage_project');
    const [token, otherToken] = await Promise.all([berth.token(client), berth.token(other)]);
    expect((await useToken(token)).status).toBe(200);

    const path = `/${berth.projectKey}/api-clients/${client.id}`;
    expect((await berth.request('DELETE', path)).status).toBe(200);

    expect((await useToken(token)).status).toBe(401);
    expect((await introspect(token)).body).toEqual({ active: false });
    expectRefusal(
      await askToken({ grant_type: 'client_credentials' }, client),
      401,
      'invalid_client',
    );
    expect((await useToken(otherToken)).status).toBe(200);
  });
});

describe('what Berth prints', () => {
  test('holds no token and no secret', async () => {
    const client = await newClient('manage_project');
    const token = await berth.token(client);
    const { id, secret } = client;
    await useToken(token);
    await introspect(token);
    await useToken(`${token}x`);
    await post({
      path: `/oauth/token?grant_type=password&client_id=${id}&client_secret=${secret}`,
    });
    await send(berth, { path: `/nothing?access_token=${token}&client_secret=${secret}` });
    await send(berth, { path: `/%zz?access_token=${token}&client_secret=${secret}` });
    await post({
      path: '/connectors/drafts',
      headers: { authorization: `Bearer ${token}` },
      body: `{"token":"${token}", "secret": ${secret}`,
    });

    const printed = berth.output.join('\n');
    for (const hidden of [token, secret, berth.client.secret, foreign.client.secret]) {
      expect(printed).not.toContain(hidden);
      expect(printed).not.toContain(btoa(`${id}:${hidden}`));
    }
    expect(printed).toContain('Berth is ready');
  });
});
