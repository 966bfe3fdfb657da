import fc from 'fast-check';

const names = [
  'severity',
  'level',
  'le\\u0076el',
  'msg',
  'a\\"level',
  '__proto__',
  '\\u005f_proto__',
];
const words = [
  ...[
    'info',
    'INFO',
    'warn',
    'WARNING',
    ' Error\\t',
    'fatal',
    'notice',
    'alert',
    'emerg',
    'debug',
    'trace',
    'DEFAULT',
  ],
  ...[
    '',
    'odd',
    'inf\\u006f',
    'x'.repeat(50),
    'ü☃😀',
    '\\"level\\":\\"error\\"',
    '\u00a0crit\ufeff',
    'very-secret',
  ],
];
const values = [
  ...words.map((word) => `"${word}"`),
  ...[
    '10',
    '20',
    '30',
    '30.5',
    '4e1',
    '59',
    '60',
    '70',
    '-30',
    '1e999',
    '7.5e5',
    '750000',
    '12345678901234567890',
  ],
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '{"level":"error"}',
    '[{"severity":"alert"}]',
    '"ve\\u0072y-secret"',
    '"say \\"no\\"\\/never"',
  ],
];
const blank = fc.constantFrom('', '', ' ', '\t');

const member = fc
  .tuple(fc.constantFrom(...names), blank, blank, fc.constantFrom(...values))
  .map(([name, before, behind, value]) => `"${name}"${before}:${behind}${value}`);

const json = fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(',')}}`);

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'info: ',
        'error: ',
        'warn: a',
        'Error: ',
        '{',
        '}',
        '"level":50',
        'very-secret',
        '750000',
        '[',
        '@1,2',
      ),
      fc.constantFrom(
        '\u001b[31m',
        '\u001b]0;x',
        '\u009b1m',
        '\\',
        '\r',
        '\u0000',
        ' ',
        '\ufeff',
        '\u2028',
        'é',
        '😀',
      ),
      fc.constantFrom('very-', 'secret', 'very-\u001b[0msecret', 'x'.repeat(300)),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** Whatever applications print, and what is meant to be taken for something else. Without line ends. */
export const printedLine = fc.oneof(
  { weight: 4, arbitrary: json },
  { weight: 4, arbitrary: text.map((line) => line.replaceAll('\n', ' ').toWellFormed()) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(json, text)
      .map(([line, more]) => line + more.replaceAll('\n', '').toWellFormed()),
  },
);

/** Whole lines, as they come together. */
export const printedLines = fc
  .array(printedLine, { minLength: 1, maxLength: 12 })
  .map((lines) => lines.join('\n'));
