import { expect, test } from 'vitest';
import { type Audit, judgeAudits, type Vulnerability } from '../../src/core/audit.ts';

const high: Vulnerability = {
  package: 'bad',
  severity: 'high',
  title: 'Bad things',
  url: 'https://example.com/1',
  range: '<1.0.1',
  hasFix: true,
};

function checked(name: string, ...vulnerabilities: readonly Vulnerability[]): Audit {
  const result = { outcome: 'checked', tool: 'npm 11.2.0', packages: 7, vulnerabilities } as const;
  return { applications: [name], result };
}
const unknown: Audit = {
  applications: ['job'],
  result: { outcome: 'skipped', reason: 'It has no lockfile.' },
};

test('success says what was checked, and what was not', () => {
  const [only, ...more] = judgeAudits([checked('web'), checked('job')], 'warn');
  expect(more).toEqual([]);
  expect(only).toMatchObject({
    type: 'Information',
    title: 'SAST and SCA analysis check succeeded',
    message: expect.stringContaining('web: 7 package(s) checked with npm 11.2.0'),
  });
  expect(only?.message).toContain('no SAST');
});

test('one application that could not be checked is no success', () => {
  const [only, ...more] = judgeAudits([checked('web'), unknown], 'fail');
  expect(more).toEqual([]);
  expect(only).toMatchObject({
    type: 'Information',
    title: 'SAST and SCA analysis check skipped',
    message: expect.stringContaining('job: not checked. It has no lockfile.'),
  });
  expect(only?.message).toContain('web: 7 package(s) checked');
});

test.each([
  ['warn', 'Warning', 'SAST and SCA analysis check found vulnerabilities'],
  ['fail', 'Error', 'SAST and SCA analysis check failed'],
] as const)('vulnerabilities are listed; BERTH_AUDIT=%s: a %s', (mode, type, title) => {
  const [first, second] = judgeAudits([checked('web', high), unknown], mode);
  expect(first).toMatchObject({ type, title });
  expect(first?.message).toContain('- high: bad <1.0.1: Bad things (https://example.com/1)');
  expect(second).toMatchObject({ title: 'SAST and SCA analysis check skipped' });
});

test('what is lesser or has no fix is counted only', () => {
  const others = [
    { ...high, hasFix: false },
    { ...high, severity: 'moderate' },
  ] as const;
  const [only] = judgeAudits([checked('web', ...others)], 'fail');
  expect(only).toMatchObject({ title: 'SAST and SCA analysis check succeeded' });
  expect(only?.message).toContain('2 other advisories');
});

test('the worst come first, and a long list is cut', () => {
  const many = Array.from({ length: 30 }, (_, index) => ({ ...high, package: `bad-${index}` }));
  const [only] = judgeAudits(
    [checked('web', ...many, { ...high, severity: 'critical', package: 'worst' })],
    'warn',
  );
  const lines = only?.message?.split('\n') ?? [];
  expect(lines[1]).toContain('critical: worst');
  expect(lines).toContain('- and 11 more');
});
