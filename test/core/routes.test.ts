import { describe, expect, test } from 'vitest';
import type { Presence } from '../../src/core/presence.ts';
import type { InstanceAddress, Target } from '../../src/core/route-table.ts';
import { buildRoutes, type RouteSources } from '../../src/core/routes.ts';
import { release, releaseApplication } from '../support/records.ts';

const address = {
  hostLabel: 'service-app',
  projectKey: 'project',
  deploymentId: 'deployment',
  applicationName: 'app',
};
const instance = { instanceId: 'instance', host: '127.0.0.1', port: 40_000 };

const running = (one: InstanceAddress): Presence => ({ instances: [one], sleeps: false });

function targetOf(sources: Partial<RouteSources>): Target | undefined {
  const [route] = buildRoutes({
    releases: [release()],
    before: new Map(),
    addresses: [address],
    present: new Map(),
    folders: new Map(),
    ...sources,
  });
  return route?.target;
}

function releaseOf(type: 'assets' | 'merchant-center-custom-view') {
  return [release({ applications: [releaseApplication({ type })] })];
}

describe('the target of an address', () => {
  test.for<{ name: string; sources: Partial<RouteSources>; target: Target }>([
    {
      name: 'without a release that serves',
      sources: { releases: [] },
      target: { kind: 'unavailable', reason: 'It is not deployed yet' },
    },
    {
      name: 'whose process is not healthy yet',
      sources: {},
      target: { kind: 'process', releaseId: 'release', instances: [] },
    },
    {
      name: 'that sleeps',
      sources: { present: new Map([['release/app', { instances: [], sleeps: true }]]) },
      target: { kind: 'process', releaseId: 'release', instances: [], sleeps: true },
    },
    {
      name: 'that ends again and again',
      sources: {
        present: new Map([['release/app', { instances: [], sleeps: false, failing: 'It ends.' }]]),
      },
      target: { kind: 'unavailable', reason: 'It ends.' },
    },
    {
      name: 'whose process is healthy',
      sources: { present: new Map([['release/app', running(instance)]]) },
      target: { kind: 'process', releaseId: 'release', instances: [instance] },
    },
    {
      name: 'what served before beside it, while it takes over',
      sources: {
        before: new Map([['deployment', release({ id: 'older' })]]),
        present: new Map([
          ['release/app', running(instance)],
          ['older/app', running({ ...instance, port: 40_001 })],
        ]),
      },
      target: {
        ...{ kind: 'process', releaseId: 'release', instances: [instance] },
        before: { releaseId: 'older', instances: [{ ...instance, port: 40_001 }] },
      },
    },
    {
      name: 'of which only another release is healthy',
      sources: { present: new Map([['older/app', running(instance)]]) },
      target: { kind: 'process', releaseId: 'release', instances: [] },
    },
    {
      name: 'of assets',
      sources: { releases: releaseOf('assets'), folders: new Map([['artifact', '/built']]) },
      target: { kind: 'files', releaseId: 'release', directory: '/built', singlePage: false },
    },
    {
      name: 'of a Merchant Center view',
      sources: {
        releases: releaseOf('merchant-center-custom-view'),
        folders: new Map([['artifact', '/built']]),
      },
      target: { kind: 'files', releaseId: 'release', directory: '/built', singlePage: true },
    },
    {
      name: 'whose artifact is gone',
      sources: { releases: releaseOf('assets') },
      target: {
        kind: 'unavailable',
        reason: 'Its files are not on this machine any more: redeploy it',
      },
    },
  ])('$name', ({ sources, target }) => {
    expect(targetOf(sources)).toEqual(target);
  });
});

test('a route repeats its address, with a port only where it has one', () => {
  const sources = { releases: [], before: new Map(), present: new Map(), folders: new Map() };
  const target = { kind: 'unavailable', reason: 'It is not deployed yet' };
  const routes = buildRoutes({ ...sources, addresses: [address, { ...address, port: 42_000 }] });
  expect(routes).toEqual([
    { ...address, platformOnly: false, target },
    { ...address, port: 42_000, platformOnly: false, target },
  ]);
});

test('an application without an address is not routed', () => {
  const sources = {
    releases: [release()],
    before: new Map(),
    present: new Map(),
    folders: new Map(),
  };
  expect(buildRoutes({ ...sources, addresses: [] })).toEqual([]);
});

test.for(['event', 'job'])('the address of an %s is for the platform only', (type) => {
  const sources = {
    releases: [release()],
    before: new Map(),
    present: new Map(),
    folders: new Map(),
  };
  const addresses = [address, { ...address, hostLabel: `${type}-app` }];
  const routes = buildRoutes({ ...sources, addresses });
  expect(routes.map(({ platformOnly }) => platformOnly)).toEqual([false, true]);
});
