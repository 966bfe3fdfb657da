import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyLine } from '../../src/core/log-line.ts';
import { severitiesWithin } from '../../src/core/log-severities.ts';
import { printedLines } from '../support/printed-lines.ts';

test('no severity is missed, whatever is printed', () => {
  fc.assert(
    fc.property(printedLines, (lines) => {
      const within = severitiesWithin(lines);
      fc.pre(within !== undefined);
      const found = lines.split('\n').map((line) => classifyLine(line).severity);
      expect([...found].filter((severity) => !within.has(severity))).toEqual([]);
    }),
    { numRuns: 5000 },
  );
});

test.for([
  [
    'plain text',
    'GET /products 200 5ms "client/1.0"\n2026-01-01T00:00:00Z error: late\nError: no\n',
    [],
  ],
  [
    'what is asked for',
    '{"level":30,"msg":"error"}\n{"severity":"INFO","context":{"attempt":1}}\n',
    ['INFO'],
  ],
  [
    'what is severe',
    '{"level":30}\n{"level" : 50}\nwarn: soon\n{"severity":"Alert "}',
    ['INFO', 'ERROR', 'ALERT', 'WARNING'],
  ],
  ['levels of something else', '{"level":"high"}\n{"level":5}\n{"level":null}\n{"levels":50}', []],
] as const)('of %s no more is foreseen than is there', ([, lines, expected]) => {
  expect([...(severitiesWithin(lines) ?? [])].toSorted()).toEqual(
    ['DEFAULT', ...expected].toSorted(),
  );
});

test.for([
  ['colours', '\u001b[32minfo\u001b[39m: x'],
  ['a key in escapes', '{"leve\\u006c":50}'],
  ['a level that is long', `{"level":"${' '.repeat(60)}error"}`],
  ['a level that is none', '{"level":007}'],
] as const)('lines with %s must be read', ([, lines]) => {
  expect(severitiesWithin(lines)).toBeUndefined();
});

test('no text makes it slow', () => {
  const lines = [
    '"level":"'.repeat(100_000),
    `"level":"${'\\'.repeat(500_000)}`,
    `"level"${' '.repeat(500_000)}`,
  ];
  // A quadratic search would not come back within the test's time.
  for (const line of lines) severitiesWithin(line);
  expect(severitiesWithin(`{${'"level":5,'.repeat(100_000)}`)).toEqual(new Set(['DEFAULT']));
});
