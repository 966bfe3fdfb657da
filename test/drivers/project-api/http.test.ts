import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeFailure, ProjectApiFailure } from '../../../src/core/failure.ts';
import {
  type HttpProjectApiOptions,
  openHttpProjectApi,
} from '../../../src/drivers/project-api/http/project-api.ts';
import {
  type FakePlatform,
  privilegedClient,
  fakeProjectKey as projectKey,
  startFakePlatform,
  startServer,
  weakClient,
} from '../../support/fake-project-api.ts';

const draft = { projectKey, name: 'berth-shop', scopes: ['manage_orders', 'view_products'] };

describe('with a platform', () => {
  let platform: FakePlatform;
  beforeEach(async () => {
    platform = await startFakePlatform();
  });
  afterEach(() => platform.close());

  test('an API client is made with the scopes of its project, and its secret is told', async () => {
    const made = await apiOf(platform.url).createApiClient(draft);
    expect(made.scope).toBe(`manage_orders:${projectKey} view_products:${projectKey}`);
    expect(made.secret).toHaveLength(32);
    expect(platform.apiClients()).toEqual([
      expect.objectContaining({ id: made.id, name: 'berth-shop', scope: made.scope }),
    ]);
  });

  test('an API client is deleted, and deleting it again succeeds', async () => {
    const api = apiOf(platform.url);
    const { id } = await api.createApiClient(draft);
    await api.deleteApiClient({ projectKey, id });
    expect(platform.apiClients()).toEqual([]);
    await api.deleteApiClient({ projectKey, id });
    await api.deleteApiClient({ projectKey, id: 'never/../was?x=1' });
  });

  test('API clients of one name are deleted, and no other', async () => {
    const api = apiOf(platform.url);
    await api.createApiClient(draft);
    await api.createApiClient(draft);
    const other = await api.createApiClient({ ...draft, name: 'berth-shop-2' });
    await api.deleteApiClientsNamed({ projectKey, name: draft.name });
    expect(platform.apiClients().map(({ id }) => id)).toEqual([other.id]);
    await api.deleteApiClientsNamed({ projectKey, name: 'say "hello"\\' });
    const asked = URL.parse(platform.requests.at(-1)?.path ?? '', platform.url);
    expect(asked?.searchParams.get('where')).toBe('name="say \\"hello\\"\\\\"');
  });

  test('a slash at the end of a URL does no harm', async () => {
    await apiOf(`${platform.url}/`).createApiClient(draft);
    expect(platform.requests.map(({ path }) => path)).toEqual([
      '/oauth/token',
      `/${projectKey}/api-clients`,
    ]);
  });

  test('one token serves many calls, also those that begin at once', async () => {
    const api = apiOf(platform.url);
    await Promise.all(Array.from({ length: 5 }, () => api.createApiClient(draft)));
    await api.createApiClient(draft);
    expect(tokensAsked(platform)).toBe(1);
  });

  test('a token that was revoked is replaced once, and the call succeeds', async () => {
    const api = apiOf(platform.url);
    await api.createApiClient(draft);
    platform.revokeTokens();
    await api.createApiClient(draft);
    expect(platform.requests.map(({ status }) => status)).toEqual([200, 201, 401, 200, 201]);
  });

  test('an unknown scope is refused in the words of the platform', async () => {
    const making = apiOf(platform.url).createApiClient({
      ...draft,
      scopes: ['view_subscriptions'],
    });
    const said = await failureOf(making);
    expect(said).toContain(
      "The API client 'berth-shop' could not be made in project 'fake-project'",
    );
    expect(said).toContain(`Invalid scope: 'view_subscriptions:${projectKey}'`);
    expect(said).toContain('Correct `inheritAs.apiClient.scopes`');
    expect(platform.apiClients()).toEqual([]);
  });

  test('wrong credentials are named without their secret', async () => {
    const api = apiOf(platform.url, { clientSecret: 'swordfish' });
    const said = await failureOf(api.createApiClient(draft));
    expect(said).toContain('No access token for the commercetools platform');
    expect(said).toContain('Please provide valid client credentials');
    expect(said).toContain('Check BERTH_PLATFORM_CLIENT_ID and BERTH_PLATFORM_CLIENT_SECRET');
    expect(said).not.toContain('swordfish');
  });

  test('a failed request for a token is not remembered', async () => {
    const api = apiOf(platform.url, { fetch: failingOnce() });
    expect(await failureOf(api.createApiClient(draft))).toContain('could not be reached');
    await api.createApiClient(draft);
  });

  test.each([
    ['that lacks the scope', weakClient, projectKey],
    ['of another project', privilegedClient, 'other-project'],
  ])('a privileged client %s is told which scope it needs', async (_what, client, key) => {
    const api = apiOf(platform.url, client);
    const calls = [
      () => api.createApiClient({ ...draft, projectKey: key }),
      () => api.deleteApiClient({ projectKey: key, id: 'x' }),
    ];
    for (const call of calls) {
      const said = await failureOf(call());
      expect(said).toContain('Insufficient scope (HTTP 403)');
      expect(said).toContain(`the scope manage_api_clients:${key}`);
    }
  });
});

test('a token is renewed before it expires', async () => {
  await using platform = await startFakePlatform({ expiresInSeconds: 59 });
  const api = apiOf(platform.url);
  await api.createApiClient(draft);
  await api.createApiClient(draft);
  expect(tokensAsked(platform)).toBe(2);
});

describe('with a platform that misbehaves', () => {
  const token = { access_token: 'token-1', expires_in: 3600 };

  test.each([
    ['an error page', 502, '<html>swordfish</html>', 'no reason was given (HTTP 502)', 'later'],
    [
      'too many requests',
      429,
      '{"message":"slow down"}',
      'slow down (HTTP 429)',
      'Try again later',
    ],
    ['a missing project', 404, '{"message":"no such project"}', 'HTTP 404', 'project exists'],
    ['a strange status', 418, '{}', 'HTTP 418', 'BERTH_PLATFORM_API_URL'],
    ['a redirect', 302, '', 'HTTP 302', 'BERTH_PLATFORM_API_URL'],
    ['an answer without a secret', 201, '{"id":"x","scope":"y"}', 'without its id', 'delete'],
    ['an answer that is no JSON', 201, 'swordfish', 'without its id, secret or scope', 'delete'],
    ['a repeated token', 403, '{"message":"token-1 is bad"}', '******** is bad', 'scope'],
    ['a repeated secret', 400, '{"message":"privileged-secret-1?"}', '********?', 'Correct'],
    ['a lasting refusal', 401, '{"message":"invalid_token"}', 'HTTP 401', 'still exists'],
    ['a long text', 400, JSON.stringify({ message: 'x '.repeat(9999) }), 'x x x', 'Correct'],
    ['a message of another kind', 400, '{"message":{"a":1}}', 'no reason was given', 'Correct'],
  ])('%s becomes a failure that says so', async (_what, status, body, message, nextStep) => {
    await using server = await startServer(
      answering(token, (_request, response) => {
        response.writeHead(status, { location: '/elsewhere' }).end(body);
      }),
    );
    const said = await failureOf(apiOf(server.url).createApiClient(draft));
    expect(said.replace(`project '${projectKey}' exists`, 'project exists')).toContain(nextStep);
    expect(said).toContain(message);
    expect(said).not.toMatch(/swordfish|token-1|privileged-secret-1/);
    expect(said.length).toBeLessThan(1200);
  });

  test('no answer at all ends in time', async () => {
    await using server = await startServer(answering(token, () => undefined));
    const said = await failureOf(apiOf(server.url, { timeoutMs: 100 }).createApiClient(draft));
    expect(said).toContain(`${new URL(server.url).host} did not answer within 100 ms`);
  });

  test('an answer that never ends ends in time', async () => {
    await using server = await startServer(
      answering(token, (_request, response) => response.writeHead(201).write('{')),
    );
    const said = await failureOf(apiOf(server.url, { timeoutMs: 100 }).createApiClient(draft));
    expect(said).toContain('did not answer within 100 ms');
  });

  test('an endless answer is not read to the end', async () => {
    await using server = await startServer(
      answering(token, (_request, response) => {
        const pour = () => {
          while (response.writable && response.write('x'.repeat(65_536)));
          response.once('drain', pour);
        };
        pour();
      }),
    );
    const said = await failureOf(apiOf(server.url).createApiClient(draft));
    expect(said).toContain('answered with more than 262144 bytes');
  });

  test('a broken connection is named', async () => {
    await using server = await startServer(
      answering(token, (request) => {
        request.socket.destroy();
      }),
    );
    const said = await failureOf(apiOf(server.url).createApiClient(draft));
    expect(said).toContain('could not be reached (UND_ERR_SOCKET)');
  });

  test('a platform that is not there is named', async () => {
    const server = await startServer(() => undefined);
    await server.close();
    const said = await failureOf(apiOf(server.url).createApiClient(draft));
    expect(said).toContain(`${new URL(server.url).host} could not be reached (ECONNREFUSED)`);
    expect(said).toContain('Check BERTH_PLATFORM_API_URL and BERTH_PLATFORM_AUTH_URL');
  });

  test.each(['nowhere', 'http://user:swordfish@127.0.0.1:1'])(
    'a URL that cannot be used is a failure: %s',
    async (url) => {
      const said = await failureOf(apiOf(url).createApiClient(draft));
      expect(said).toContain('could not be reached');
      expect(said).not.toContain('swordfish');
    },
  );

  test.each([
    ['none', {}],
    ['an empty one', { access_token: '' }],
    ['one of a wrong type', { access_token: 5 }],
    ['one that fits in no header', { access_token: 'sword\nfish' }],
  ])('a token answer with %s is a failure', async (_what, body) => {
    await using server = await startServer(answering(body, () => undefined));
    const said = await failureOf(apiOf(server.url).createApiClient(draft));
    expect(said).toContain('the answer holds none');
    expect(said).not.toContain('fish');
  });

  test.each([undefined, null, 'soon', -5])(
    'a token that lasts %s is used, but not kept',
    async (expiresIn) => {
      let asked = 0;
      await using server = await startServer((request, response) => {
        if (request.url === '/oauth/token') asked += 1;
        const body = { access_token: 'token-1', expires_in: expiresIn };
        response.end(JSON.stringify(request.url === '/oauth/token' ? body : {}));
      });
      const api = apiOf(server.url);
      await api.deleteApiClient({ projectKey, id: 'x' });
      await api.deleteApiClient({ projectKey, id: 'x' });
      expect(asked).toBe(2);
    },
  );
});

function apiOf(url: string, more: Partial<HttpProjectApiOptions> = {}) {
  return openHttpProjectApi({ apiUrl: url, authUrl: url, ...privilegedClient, ...more });
}

async function failureOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(ProjectApiFailure);
  if (!(error instanceof ProjectApiFailure)) return '';
  expect(error.nextStep).toBeTruthy();
  expect(error.cause).toBeUndefined();
  return describeFailure(error);
}

function tokensAsked(platform: FakePlatform): number {
  return platform.requests.filter(({ path }) => path === '/oauth/token').length;
}

function answering(token: unknown, answer: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url !== '/oauth/token') answer(request, response);
    else response.end(JSON.stringify(token));
  };
}

/** The first request does not even leave. */
function failingOnce(): typeof fetch {
  let calls = 0;
  return (input, init) => {
    calls += 1;
    return calls === 1 ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init);
  };
}
