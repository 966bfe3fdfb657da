import { describe, expect, test } from 'vitest';
import type { Deployment, ReportEntry } from './connect-client.ts';
import { readApplicationResult } from './result.ts';

const application = { applicationName: 'app', applicationType: 'service' };
const notDefined: ReportEntry = {
  type: 'Information',
  title: 'Script for "postDeploy" not defined',
  application: 'app',
};
const scriptFailed: ReportEntry = {
  type: 'Warning',
  title: "Failed during the execution of 'postDeploy' script",
  application: 'app',
};
const buildFailed: ReportEntry = { type: 'Error', title: 'Build failed', application: 'app' };

describe('an application’s result', () => {
  test.each([
    ['a script that ran', [], 'Deployed', { build: 'built', postDeploy: 'ran' }],
    ['no script', [notDefined], 'Deployed', { build: 'built', postDeploy: '-' }],
    ['a script that failed', [scriptFailed], 'Deployed', { build: 'built', postDeploy: 'failed' }],
    [
      'another application’s',
      [{ ...scriptFailed, application: 'b' }],
      'Deployed',
      { postDeploy: 'ran' },
    ],
    ['a build that failed', [buildFailed], 'Failed', { build: 'failed', postDeploy: '-' }],
  ])('is read from the report: %s', (_, entries, status, expected) => {
    const details = { build: { report: { entries } } };
    const deployment: Deployment = { id: 'd', version: 1, status, details, applications: [] };
    expect(readApplicationResult(application, deployment)).toMatchObject(expected);
  });
});
