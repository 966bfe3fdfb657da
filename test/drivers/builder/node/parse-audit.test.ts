import { describe, expect, test } from 'vitest';
import { parseAudit } from '../../../../src/drivers/builder/node/parse-audit.ts';

/** Shortened, else as the tools print them. */
const legacy = {
  actions: [],
  advisories: {
    1523: {
      findings: [{ version: '4.17.15', paths: ['lodash'] }],
      id: 1523,
      module_name: 'lodash',
      title: 'Prototype Pollution',
      severity: 'high',
      vulnerable_versions: '<4.17.19',
      patched_versions: '>=4.17.19',
      url: 'https://npmjs.com/advisories/1523',
    },
  },
  muted: [],
  metadata: { vulnerabilities: { high: 1 }, dependencies: 2, totalDependencies: 2 },
};
const lodash = {
  package: 'lodash',
  severity: 'high',
  title: 'Prototype Pollution',
  url: 'https://npmjs.com/advisories/1523',
  range: '<4.17.19',
  hasFix: true,
};

describe('npm', () => {
  const report = (fixAvailable: unknown) => ({
    auditReportVersion: 2,
    vulnerabilities: {
      lodash: {
        name: 'lodash',
        severity: 'high',
        isDirect: false,
        via: [{ source: 1, name: 'lodash', title: 'Prototype Pollution', severity: 'high' }],
        effects: ['parent'],
        fixAvailable,
      },
      parent: { name: 'parent', severity: 'high', via: ['lodash'], effects: [], fixAvailable },
    },
    metadata: { vulnerabilities: { total: 2 }, dependencies: { prod: 3, dev: 1, total: 3 } },
  });

  test.each([
    [true, true],
    [{ name: 'lodash', version: '4.17.21', isSemVerMajor: true }, true],
    [false, false],
  ])('fixAvailable %j means hasFix %j', (fixAvailable, hasFix) => {
    expect(parseAudit.npm(JSON.stringify(report(fixAvailable)))).toEqual({
      packages: 3,
      vulnerabilities: [
        { package: 'lodash', severity: 'high', title: 'Prototype Pollution', hasFix },
      ],
    });
  });

  test.each([
    [
      { message: '410 Gone - POST https://x', statusCode: 410, error: { summary: '' } },
      '410 Gone - POST https://x',
    ],
    [
      { error: { code: 'ENOLOCK', summary: 'This command requires a lockfile.' } },
      'This command requires a lockfile.',
    ],
  ])('an error is no report', (printed, error) => {
    expect(parseAudit.npm(JSON.stringify(printed))).toEqual({ error });
  });
});

describe('Yarn 1', () => {
  const advisory = (resolution: object) =>
    JSON.stringify({
      type: 'auditAdvisory',
      data: { resolution, advisory: legacy.advisories[1523] },
    });
  const summary = JSON.stringify({ type: 'auditSummary', data: { totalDependencies: 2 } });

  test('one finding for all paths to a package', () => {
    const printed = [
      JSON.stringify({ type: 'info', data: 'x' }),
      advisory({ id: 1523, path: 'a>lodash', dev: false }),
      advisory({ id: 1523, path: 'b>lodash', dev: false }),
      summary,
    ];
    expect(parseAudit['yarn-classic'](printed.join('\n'))).toEqual({
      packages: 2,
      vulnerabilities: [lodash],
    });
  });

  test('what only development needs is left out', () => {
    const printed = [advisory({ id: 1523, dev: true }), summary].join('\n');
    expect(parseAudit['yarn-classic'](printed)).toEqual({ packages: 2, vulnerabilities: [] });
  });

  test('without its summary there was no answer', () => {
    expect(parseAudit['yarn-classic'](advisory({}))).toBeUndefined();
  });
});

describe('pnpm', () => {
  test('the old report', () => {
    const parsed = parseAudit.pnpm(JSON.stringify(legacy));
    expect(parsed).toEqual({ packages: 2, vulnerabilities: [lodash] });
  });

  test.each([
    ['<0.0.0', '*', false],
    [undefined, '*', false],
    [undefined, '>=1.0.0', false],
    [undefined, '>=1.0.0 <1.2.0', true],
    [undefined, '<1.0.0 || >=2.0.0', false],
    [undefined, '=1.0.0', true],
    ['>=2.0.0', '*', true],
  ])('patched %j of vulnerable %j', (patched_versions, vulnerable_versions, hasFix) => {
    const advisory = { ...legacy.advisories[1523], patched_versions, vulnerable_versions };
    const parsed = parseAudit.pnpm(JSON.stringify({ ...legacy, advisories: { 1: advisory } }));
    expect(parsed).toMatchObject({ vulnerabilities: [{ hasFix }] });
  });

  test('an error is no report', () => {
    const error = { code: 'ERR_PNPM_AUDIT_BAD_RESPONSE', message: 'responded with 410: {}' };
    expect(parseAudit.pnpm(JSON.stringify({ error }))).toEqual({ error: error.message });
  });
});

describe('Yarn 2 and later', () => {
  const line = (ID: unknown, more: object = {}) =>
    JSON.stringify({
      value: 'lodash',
      children: {
        ID,
        Issue: 'Prototype Pollution',
        URL: 'https://npmjs.com/advisories/1523',
        Severity: 'high',
        'Vulnerable Versions': '<4.17.19',
        ...more,
      },
    });

  test('4 prints a line for each finding, and deprecations among them', () => {
    const printed = [line(1523), line('lodash (deprecation)', { Severity: 'moderate' })];
    expect(parseAudit['yarn-berry'](printed.join('\n'))).toEqual({ vulnerabilities: [lodash] });
    expect(parseAudit['yarn-berry']('')).toEqual({ vulnerabilities: [] });
  });

  test('3 prints the old report', () => {
    expect(parseAudit['yarn-berry'](JSON.stringify(legacy))).toMatchObject({ packages: 2 });
  });

  test('text for people is no report', () => {
    const printed = '➤ YN0035: This endpoint is being retired.';
    expect(parseAudit['yarn-berry'](printed)).toBeUndefined();
  });
});

test.each(['npm', 'pnpm', 'yarn-classic'] as const)('%s: what is no report is none', (manager) => {
  for (const printed of ['', '{', 'null', '[]', '{}', '"x"', '{"vulnerabilities":[]}', '<html>']) {
    expect(parseAudit[manager](printed)).toBeUndefined();
  }
});

test('texts of a registry are cut and stay in one line', () => {
  const title = `a\nb\u0000${'x'.repeat(1000)}`;
  const advisory = { ...legacy.advisories[1523], title, severity: 'apocalyptic' };
  const parsed = parseAudit.pnpm(JSON.stringify({ ...legacy, advisories: { 1: advisory } }));
  if (parsed === undefined || 'error' in parsed) throw new Error('It is a report.');
  const [found] = parsed.vulnerabilities;
  expect(found).toMatchObject({
    severity: 'high',
    title: expect.stringMatching(/^a b.{290,300}…$/s),
  });
});
