import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ApplicationType, applicationTypes } from '../../src/core/application.ts';
import { applicationKey, decideActions, desiredApplications } from '../../src/core/reconcile.ts';
import { type ReleaseState, releaseStates } from '../../src/core/release.ts';
import { release, releaseApplication } from '../support/records.ts';

describe('what should run', () => {
  test.for<[ReleaseState, boolean]>([
    ['candidate', false],
    ['current', true],
    ['draining', true],
  ])('an application of a %s release, and again where it ends: %s', ([state, restarts]) => {
    const desired = desiredApplications([release({ state })]);
    expect([...desired.keys()]).toEqual(['release/app']);
    expect(desired.get('release/app')).toMatchObject({ restarts });
  });

  test('while a redeploy hands over, both releases must show that they run', () => {
    const handOver = ['older', 'newer'].map((id) => release({ id }));
    const others = [release({ id: 'other', deploymentId: 'other' })];
    const candidate = release({ id: 'candidate', deploymentId: 'other', state: 'candidate' });
    const desired = desiredApplications([...handOver, ...others, candidate]);
    const names = [...desired].filter(([, { isHandedOver }]) => isHandedOver).map(([key]) => key);
    expect(names).toEqual(['older/app', 'newer/app']);
  });

  test.for<[ApplicationType, boolean]>([
    ['service', true],
    ['event', true],
    ['job', true],
    ['assets', false],
    ['merchant-center-custom-application', false],
    ['merchant-center-custom-view', false],
  ])('an application of type %s in a process: %s', ([type, runs]) => {
    const desired = desiredApplications([
      release({ applications: [releaseApplication({ type })] }),
    ]);
    expect(desired.size).toBe(runs ? 1 : 0);
  });
});

test.for([
  { name: 'nothing there, nothing wanted', desired: [], observed: [], start: [], stop: [] },
  { name: 'all of it', desired: ['a'], observed: ['a'], start: [], stop: [] },
  { name: 'one missing', desired: ['a', 'b'], observed: ['a'], start: ['b'], stop: [] },
  { name: 'one too many', desired: ['a'], observed: ['a', 'b'], start: [], stop: ['b'] },
  { name: 'another one', desired: ['a'], observed: ['b'], start: ['a'], stop: ['b'] },
])('$name: starts $start, stops $stop', ({ desired, observed, start, stop }) => {
  const actions = decideActions(
    wanted(desired),
    new Set(observed.map((id) => applicationKey(id, 'app'))),
  );
  expect(actions.start.map(({ release }) => release.id)).toEqual(start);
  expect(actions.stop).toEqual(stop.map((id) => applicationKey(id, 'app')));
});

test('doing what is decided leaves nothing to do, whatever there was', () => {
  const releases = fc.uniqueArray(
    fc.record({
      id: fc.string(),
      state: fc.constantFrom(...releaseStates),
      applications: fc.uniqueArray(
        fc.record({ name: fc.string(), type: fc.constantFrom(...applicationTypes) }),
        { selector: ({ name }) => name },
      ),
    }),
    { selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(releases, fc.array(fc.string()), (drawn, strangers) => {
      const desired = desiredApplications(
        drawn.map(({ applications, ...more }) =>
          release({ ...more, applications: applications.map(releaseApplication) }),
        ),
      );
      const observed = new Set([...strangers, ...[...desired.keys()].slice(1)]);
      const { start, stop } = decideActions(desired, observed);
      for (const { release, application } of start)
        observed.add(applicationKey(release.id, application.name));
      for (const key of stop) observed.delete(key);
      expect(decideActions(desired, observed)).toEqual({ start: [], stop: [] });
    }),
  );
});

function wanted(ids: readonly string[]) {
  return desiredApplications(ids.map((id) => release({ id })));
}
