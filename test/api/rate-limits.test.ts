import { expect, test } from 'vitest';
import { openTempPlane, type TempPlane } from '../support/temp-plane.ts';

const listed = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (plane: TempPlane, token: string) =>
  fetch(`${plane.url}/shop/deployments`, { headers: listed(token) });

function login(plane: TempPlane, id: string, secret: string): Promise<Response> {
  return fetch(`${plane.url}/oauth/token?grant_type=client_credentials`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
  });
}

test('every answer says where the client stands, and what is too much has to wait', async () => {
  await using plane = await openTempPlane({
    rateLimits: { requestsPerClient: 3, failedLogins: 0 },
  });
  const token = await plane.token('shop');
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i += 1) {
    const { status, headers } = await get(plane, token);
    seen.push([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]);
  }

  expect(seen).toEqual([
    [200, '3', '2'],
    [200, '3', '1'],
    [200, '3', '0'],
    [429, '3', '0'],
  ]);
  const { headers } = await get(plane, token);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect(headers.get('ratelimit-reset')).toBe(headers.get('retry-after'));
});

test('tokens of one client count together, those of another do not', async () => {
  await using plane = await openTempPlane({
    rateLimits: { requestsPerClient: 1, failedLogins: 0 },
  });
  const [first, other] = [await plane.token('shop'), await plane.token('other')];
  const second = await plane.tokenWith('shop');

  expect((await get(plane, first)).status).toBe(200);
  expect((await get(plane, second)).status).toBe(429);
  expect((await get(plane, other)).status).toBe(403);
});

test('without a limit there are no headers', async () => {
  await using plane = await openTempPlane({
    rateLimits: { requestsPerClient: 0, failedLogins: 0 },
  });
  const { status, headers } = await get(plane, await plane.token('shop'));

  expect([status, headers.get('ratelimit-limit')]).toEqual([200, null]);
});

test('a client whose secret was guessed too often is not looked at for a while, others are', async () => {
  await using plane = await openTempPlane({
    rateLimits: { requestsPerClient: 0, failedLogins: 2 },
  });
  await plane.token('shop');
  await plane.token('other');
  const guessed = [];
  for (const secret of ['wrong', 'wrong again', 'secret'])
    guessed.push((await login(plane, 'client-of-shop', secret)).status);
  const locked = await login(plane, 'client-of-shop', 'wrong');

  expect(guessed).toEqual([401, 401, 429]);
  expect(await locked.json()).toMatchObject({
    statusCode: 429,
    error: 'temporarily_unavailable',
    errors: [{ code: 'temporarily_unavailable' }],
  });
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await login(plane, 'client-of-other', 'secret')).status).toBe(200);
});

test('logins that succeed are not counted', async () => {
  await using plane = await openTempPlane({
    rateLimits: { requestsPerClient: 0, failedLogins: 2 },
  });
  await plane.token('shop');
  for (let i = 0; i < 4; i += 1)
    expect((await login(plane, 'client-of-shop', 'secret')).status).toBe(200);
});
