import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastLines } from '../../src/core/report.ts';

test.for([
  { name: 'all of a short output', output: 'a\nb\n\n', kept: 'a\nb' },
  { name: 'the last lines of a long one', output: 'a\nb\nc\nd\n', kept: 'b\nc\nd' },
  { name: 'the end of long lines, with a mark', output: '0123456789ab', kept: '…23456789ab' },
  { name: 'nothing of nothing', output: '\n \n', kept: '' },
  { name: 'no half character', output: `${'😀'.repeat(5)}a`, kept: '…\uFFFD😀😀😀😀a' },
])('$name', ({ output, kept }) => {
  expect(lastLines(output, 3, 10)).toBe(kept);
});

test('any output is kept within its bounds and can be stored', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      (output, lines, characters) => {
        const kept = lastLines(output, lines, characters);
        expect(kept.length).toBeLessThanOrEqual(characters + 1);
        expect(kept.split('\n').length).toBeLessThanOrEqual(lines);
        expect(kept.isWellFormed()).toBe(true);
      },
    ),
  );
});
