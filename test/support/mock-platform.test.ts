import { describe, expect, test } from 'vitest';
import { type MockPlatform, startMockPlatform } from './mock-platform.ts';

const projectKey = 'acceptance-project';

describe('mock platform', () => {
  test('listens on loopback only', async () => {
    await using platform = await startMockPlatform();
    expect(platform.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('serves the resources that scripts create and lists them', async () => {
    await using platform = await startMockPlatform();
    const call = await callerOf(platform);
    const destination = { type: 'HTTP', url: 'http://localhost:42000/hello' };

    const created = await call('POST', '/extensions', {
      key: 'my-extension',
      destination,
      triggers: [{ resourceTypeId: 'cart', actions: ['Create'] }],
    });

    expect(created.status).toBe(201);
    expect(await platform.extensions(projectKey)).toMatchObject([
      { key: 'my-extension', destination },
    ]);
    expect(await platform.extensions('other-project')).toEqual([]);
    expect(await platform.subscriptions(projectKey)).toEqual([]);
    expect(await platform.types(projectKey)).toEqual([]);
  });

  test('wants a token of its own', async () => {
    await using platform = await startMockPlatform();
    for (const path of ['/api-clients', '/extensions']) {
      const { status } = await fetch(`${platform.url}/${projectKey}${path}`, {
        headers: { authorization: 'Bearer guessed' },
      });
      expect(status).toBe(401);
    }
  });

  test('creates an API client, shows its secret once and deletes it', async () => {
    await using platform = await startMockPlatform();
    const call = await callerOf(platform);
    const draft = {
      name: 'tester',
      scope: `manage_extensions:${projectKey} view_orders:${projectKey}`,
    };

    const created = await call('POST', '/api-clients', draft);
    const id = created.body['id'];

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject(draft);
    expect(id).toHaveLength(24);
    expect(created.body['secret']).toHaveLength(32);
    expect((await call('GET', `/api-clients/${id}`)).body).not.toHaveProperty('secret');
    expect(platform.apiClients(projectKey)).toMatchObject([draft]);
    expect((await call('GET', '/api-clients')).body).toMatchObject({ total: 1 });
    expect((await call('DELETE', `/api-clients/${id}?version=1`)).status).toBe(200);
    expect((await call('DELETE', `/api-clients/${id}`)).status).toBe(404);
    expect(platform.apiClients(projectKey)).toEqual([]);
  });

  test.each([
    `view_subscriptions:${projectKey}`,
    `view_extensions:${projectKey}`,
    'manage_orders:other-project',
    'manage_orders',
    '',
  ])('refuses an API client with the scope %j', async (scope) => {
    await using platform = await startMockPlatform();
    const call = await callerOf(platform);

    const refused = await call('POST', '/api-clients', { name: 'tester', scope });

    expect(refused).toMatchObject({ status: 400, body: { errors: [{ code: 'InvalidInput' }] } });
    expect(platform.apiClients(projectKey)).toEqual([]);
  });

  test('logs who asked what and forgets it when cleared', async () => {
    await using platform = await startMockPlatform();
    const call = await callerOf(platform);
    await call('GET', '/types?limit=1');
    await expect
      .poll(() => platform.requests.at(-1))
      .toEqual({
        method: 'GET',
        path: `/${projectKey}/types?limit=1`,
        status: 200,
        clientId: 'tester',
        body: undefined,
      });

    await platform.clear();

    expect(platform.requests).toEqual([]);
  });

  test('keeps a bounded number of requests', async () => {
    await using platform = await startMockPlatform();
    const call = await callerOf(platform);
    for (let round = 0; round < 21; round += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => call('GET', `/types?offset=${n}`)));
    }
    await expect.poll(() => platform.requests.length).toBe(2000);
  });
});

async function callerOf({ url }: MockPlatform) {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('tester:secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}/${projectKey}${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}
