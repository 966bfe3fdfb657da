import { describe, expect, test } from 'vitest';
import { printResults } from './print-results.ts';
import type { ConnectorResult } from './result.ts';

const fine: ConnectorResult = {
  connector: 'demo@1.0',
  ok: true,
  status: 'Deployed',
  applications: [
    {
      name: 'service',
      type: 'service',
      build: '2.5 s',
      postDeploy: 'ran',
      probes: [{ what: 'GET /' }, { what: 'POST /' }],
    },
    { name: 'enabler', type: 'assets', build: 'reused', postDeploy: '-', probes: [] },
  ],
  findings: [],
  seconds: { preview: 0.51, deploy: 4.2 },
  report: [],
  logs: ['service INFO listening'],
};

describe('printed results', () => {
  test('are a table with a row for each application', () => {
    const [header, rule, service, enabler, ...rest] = printResults([fine]).split('\n');

    expect(header).toMatch(
      /^connector\s+application\s+type\s+build\s+status\s+postDeploy\s+probes\s+seconds$/,
    );
    expect(rule).toMatch(/^[─ ]+$/);
    expect(service).toMatch(
      /^demo@1\.0 +service +service +2\.5 s +Deployed +ran +2\/2 +preview 0\.5, deploy 4\.2$/,
    );
    expect(enabler).toMatch(/^ +enabler +assets +reused +Deployed +- +-$/);
    expect(rest).toEqual([]);
  });

  test('tell of each failure what was expected, the report and the log', () => {
    const failed: ConnectorResult = {
      ...fine,
      ok: false,
      error: 'the deployment is Failed',
      applications: fine.applications.map((application) => ({
        ...application,
        probes: [{ what: 'GET /', problem: 'expected 404, got 502' }],
      })),
      findings: [{ what: 'types x is present', problem: 'found none' }, { what: 'fine' }],
      report: [
        { type: 'Warning', title: 'Script failed', application: 'service', message: 'a\nb' },
      ],
    };

    const text = printResults([fine, failed]);

    expect(text.slice(text.indexOf('demo@1.0 failed'))).toBe(
      [
        'demo@1.0 failed',
        '  ✗ the deployment is Failed',
        '  ✗ service: GET /: expected 404, got 502',
        '  ✗ enabler: GET /: expected 404, got 502',
        '  ✗ types x is present: found none',
        '  report:',
        '    Warning (service): Script failed',
        '      a',
        '      b',
        '  last lines of the log:',
        '    service INFO listening',
      ].join('\n'),
    );
  });

  test('show a connector that never got as far as its applications', () => {
    const failed = { ...fine, ok: false, status: '-', applications: [], seconds: {}, error: 'no' };
    expect(printResults([failed]).split('\n')[2]).toMatch(/^demo@1\.0( +-){6}$/);
  });
});
