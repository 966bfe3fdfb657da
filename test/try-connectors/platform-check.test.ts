import { describe, expect, test } from 'vitest';
import { type MockPlatform, startMockPlatform } from '../support/mock-platform.ts';
import type { PlatformCheck } from './expectations.ts';
import { checkPlatform } from './platform-check.ts';

const projectKey = 'acceptance-project';
const applications = [
  { applicationName: 'service', url: 'http://localhost:42000/' },
  { applicationName: 'event', topic: 'projects/berth/topics/event-1' },
];

describe('platform check', () => {
  test('finds the extension and where it points', async () => {
    await using platform = await startMockPlatform();
    const check = checkerOf(platform);
    const expected: PlatformCheck = {
      resource: 'extensions',
      key: 'x',
      is: 'present',
      destination: 'service',
    };
    expect((await check(expected)).problem).toBe('found none');

    await create(platform, 'extensions', {
      key: 'x',
      destination: { type: 'HTTP', url: 'http://localhost:42000/' },
      triggers: [{ resourceTypeId: 'cart', actions: ['Create'] }],
    });

    expect(await check(expected)).toEqual({ what: 'extensions x is present' });
    expect((await check({ ...expected, is: 'absent' })).problem).toContain('"key":"x"');
    expect((await check({ ...expected, destination: 'event' })).problem).toContain(
      'event-1 of event',
    );
  });

  test('takes a topic by its last segment', async () => {
    await using platform = await startMockPlatform();
    await create(platform, 'subscriptions', {
      key: 's',
      destination: { type: 'GoogleCloudPubSub', projectId: 'berth', topic: 'event-1' },
      messages: [{ resourceTypeId: 'order', types: [] }],
    });
    const check = {
      resource: 'subscriptions',
      key: 's',
      is: 'present',
      destination: 'event',
    } as const;
    expect((await checkerOf(platform)(check)).problem).toBeUndefined();
  });

  test('sees update actions since the step before', async () => {
    await using platform = await startMockPlatform();
    const check = { resource: 'update', action: 'changeDestination' } as const;
    await create(platform, 'extensions/key=none', {
      version: 1,
      actions: [{ action: 'changeDestination' }],
    });

    expect((await checkerOf(platform)(check)).problem).toBeUndefined();
    expect((await checkerOf(platform, platform.requests.length)(check)).problem).toContain('none');
  });

  test('counts API clients', async () => {
    await using platform = await startMockPlatform();
    await create(platform, 'api-clients', { name: 'n', scope: `manage_orders:${projectKey}` });
    expect(
      (await checkerOf(platform)({ resource: 'api-clients', count: 1 })).problem,
    ).toBeUndefined();
    expect((await checkerOf(platform)({ resource: 'api-clients', count: 0 })).problem).toBe(
      'there are 1',
    );
  });
});

function checkerOf(platform: MockPlatform, requestsBefore = 0) {
  return (check: PlatformCheck) =>
    checkPlatform(check, { platform, projectKey, applications, requestsBefore });
}

async function create({ url }: MockPlatform, resource: string, body: unknown): Promise<void> {
  const token = await fetch(`${url}/oauth/token?grant_type=client_credentials`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('tester:secret')}` },
  });
  const { access_token } = (await token.json()) as { access_token: string };
  await fetch(`${url}/${projectKey}/${resource}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
