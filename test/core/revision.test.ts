import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/core/deployment.ts';
import { Rejection } from '../../src/core/errors.ts';
import { decideRollback, outdatedRevisions, revisionOf } from '../../src/core/revision.ts';
import {
  applicationDeployment,
  deployment,
  release,
  releaseApplication,
  revision,
  revisionApplication,
} from '../support/records.ts';

const now = 9000;
const given = { now, newId: () => 'new-report' };
const secured = [{ key: 'S', sealed: 'sealed', empty: false }];
const then = revision({
  number: 2,
  applications: [
    revisionApplication({
      id: 'a',
      name: 'a',
      configuration: { standard: [{ key: 'A', value: 'old' }], secured },
      schedule: '@daily',
      url: 'http://a',
    }),
  ],
  globalConfiguration: { standard: [{ key: 'G', value: 'old' }], secured },
});

describe('a revision', () => {
  test('holds what the Deployment is made of, and the artifacts that it runs', () => {
    const made = deployment({
      version: 7,
      key: 'key',
      rollbackRevision: 3,
      applications: [
        applicationDeployment({ id: 'b', name: 'b', url: 'http://b' }),
        applicationDeployment({ id: 'a', name: 'a', configuration: { standard: [], secured } }),
      ],
    });
    const running = release({
      applications: [
        releaseApplication({ name: 'a', artifactKey: 'of-a' }),
        releaseApplication({ name: 'b', artifactKey: 'of-b' }),
      ],
    });
    expect(revisionOf(made, running, now)).toEqual({
      deploymentId: 'deployment',
      projectKey: 'project',
      number: 7,
      connector: made.connector,
      applications: [
        { ...made.applications[0], artifactKey: 'of-b' },
        { ...made.applications[1], artifactKey: 'of-a' },
      ],
      globalConfiguration: made.globalConfiguration,
      createdAt: now,
    });
  });
});

describe('a rollback', () => {
  const before = deployment({
    key: 'key',
    version: 5,
    applications: [applicationDeployment({ id: 'new', name: 'new' })],
    globalConfiguration: { standard: [{ key: 'G', value: 'new' }], secured: [] },
    apiClient: {
      id: 'client',
      scopes: [],
      sealedSecret: 'sealed',
      scope: 'scope',
      madeAt: 'berth',
    },
  });

  test('brings back connector, applications and values as a new version, and leaves the rest', () => {
    const { artifactKey: _, ...application } = revisionApplication(then.applications[0]);
    expect(decideRollback(before, then, given)).toEqual({
      ...before,
      version: 6,
      status: 'Deploying',
      connector: then.connector,
      applications: [application],
      globalConfiguration: then.globalConfiguration,
      buildId: 'new-report',
      rollbackRevision: 2,
      lastModifiedAt: now,
    });
  });

  test.for(['Draft', 'Deployed', 'Failed', 'UndeployFailed'] as const)(
    'is accepted in status %s',
    (status) => {
      expect(decideRollback({ ...before, status }, then, given).status).toBe('Deploying');
    },
  );

  test.for(['Queued', 'Deploying', 'Undeploying'] as const)('is refused in status %s', (status) => {
    expect(codeOf({ ...before, status })).toBe('DeploymentInvalidStatusTransition');
  });

  test('to what runs already is refused', () => {
    expect(codeOf({ ...before, version: 2 })).toBe('DeploymentRollbackNotAllowed');
  });

  test('after a failed deploy may go to what still runs', () => {
    expect(decideRollback({ ...before, version: 3, status: 'Failed' }, then, given)).toMatchObject({
      version: 4,
      rollbackRevision: 2,
    });
  });

  function codeOf(from: Deployment) {
    try {
      decideRollback(from, then, given);
      return undefined;
    } catch (error) {
      return error instanceof Rejection ? error.errors[0].code : error;
    }
  }
});

describe('the revisions that go', () => {
  test.for([
    { numbers: [3, 1], keep: 2, outdated: [] },
    { numbers: [9, 7, 3, 1], keep: 2, outdated: [3, 1] },
    { numbers: [1, 3, 9, 7], keep: 3, outdated: [1] },
    { numbers: [9, 7, 3, 1], keep: 2, rollbackRevision: 3, outdated: [1] },
    { numbers: [9, 7, 3, 1], keep: 2, rollbackRevision: 7, outdated: [3, 1] },
  ])('of $numbers, with $keep to keep: $outdated', ({ numbers, outdated, ...kept }) => {
    expect(outdatedRevisions(numbers, kept)).toEqual(outdated);
  });

  test('are never the newest', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 30 }), (all, keep) => {
        expect(outdatedRevisions(all, { keep })).not.toContain(Math.max(...all));
        expect(all.length - outdatedRevisions(all, { keep }).length).toBeLessThanOrEqual(keep);
      }),
    );
  });
});
