import { expect, test } from 'vitest';
import type { Presences } from '../../src/core/presence.ts';
import type { Release } from '../../src/core/release.ts';
import { releasesBefore, servingReleases } from '../../src/core/serving.ts';

const release = (number: number, more: Partial<Release> = {}): Release => ({
  id: `release-${number}`,
  deploymentId: 'deployment',
  projectKey: 'project',
  number,
  state: 'current',
  routed: true,
  region: 'europe-west1.gcp',
  createdAt: 0,
  applications: [
    {
      id: 'application',
      name: 'app',
      type: 'service',
      artifactKey: 'key',
      hostLabel: 'service-label',
      endpoint: '/app',
      environment: { plain: [], sealed: [] },
    },
  ],
  ...more,
});
const instance = { instanceId: 'instance', host: '127.0.0.1', port: 1 };
const healthy = (...releases: readonly number[]): Presences =>
  new Map(
    releases.map((number) => [`release-${number}/app`, { instances: [instance], sleeps: false }]),
  );

test('a release that sleeps serves as one that runs', () => {
  const present: Presences = new Map([
    ['release-1/app', { instances: [instance], sleeps: false }],
    ['release-2/app', { instances: [], sleeps: true }],
  ]);
  expect(servingReleases([release(1), release(2)], present)).toEqual([release(2)]);
});

test.for([
  { name: 'the only one, healthy or not', releases: [release(1)], up: [], serving: [1] },
  {
    name: 'the newer one of two once it is healthy',
    releases: [release(1), release(2)],
    up: [1, 2],
    serving: [2],
  },
  {
    name: 'the older one where the newer has ended',
    releases: [release(1), release(2)],
    up: [1],
    serving: [1],
  },
  {
    name: 'the newer one where both have ended',
    releases: [release(1), release(2)],
    up: [],
    serving: [2],
  },
  {
    name: 'no candidate',
    releases: [release(1), release(2, { state: 'candidate' })],
    up: [1, 2],
    serving: [1],
  },
  {
    name: 'one of each Deployment',
    releases: [release(1), release(2, { deploymentId: 'other' })],
    up: [1],
    serving: [1, 2],
  },
  {
    name: 'the newer one of two where nothing runs in a process',
    releases: [release(1), release(2, { applications: [] })],
    up: [1],
    serving: [2],
  },
])('$name serves', ({ releases, up, serving }) => {
  const numbers = servingReleases(releases, healthy(...up)).map(({ number }) => number);
  expect(numbers.toSorted()).toEqual(serving);
});

test.for([
  { name: 'the older one while the newer takes over', numbers: [1, 2], up: [1, 2], before: [1] },
  { name: 'none where the older one has ended', numbers: [1, 2], up: [2], before: [] },
  { name: 'none while the older one serves', numbers: [1, 2], up: [1], before: [] },
  { name: 'none where only one is current', numbers: [2], up: [2], before: [] },
  { name: 'the newest of several older ones', numbers: [1, 2, 3], up: [1, 2, 3], before: [2] },
])('$name has served before', ({ numbers, up, before }) => {
  const releases = numbers.map((number) => release(number));
  const draining = release(0, { state: 'draining' });
  const all = [draining, ...releases];
  const found = releasesBefore(all, servingReleases(all, healthy(...up)), healthy(0, ...up));
  expect([...found.values()].map(({ number }) => number)).toEqual(before);
});
