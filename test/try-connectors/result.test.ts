import { describe, expect, test } from 'vitest';
import type { Deployment, ReportEntry } from './connect-client.ts';
import { readApplicationResult } from './result.ts';

const application = { applicationName: 'app', applicationType: 'service' };
const built: ReportEntry = {
  type: 'Information',
  title: 'Application built',
  message: 'In 2.5 s with Node 24.21.0, npm 11.21.2.',
  application: 'app',
};
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
    ['a script that ran', [], 'Deployed', { build: '2.5 s', postDeploy: 'ran' }],
    ['no script', [notDefined], 'Deployed', { build: '2.5 s', postDeploy: '-' }],
    ['a script that failed', [scriptFailed], 'Deployed', { build: '2.5 s', postDeploy: 'failed' }],
    [
      'another application’s',
      [{ ...scriptFailed, application: 'b' }],
      'Deployed',
      { build: '2.5 s', postDeploy: 'ran' },
    ],
    ['a build that failed', [buildFailed], 'Failed', { build: 'failed', postDeploy: '-' }],
  ])('is read from the report: %s', (_, entries, status, expected) => {
    const details = { build: { report: { entries } } };
    const deployment: Deployment = { id: 'd', version: 1, status, details, applications: [] };
    expect(readApplicationResult(application, deployment, [built])).toMatchObject(expected);
    const later = readApplicationResult(application, deployment).build;
    expect(later).toBe(expected.build === 'failed' ? 'failed' : 'reused');
  });
});
