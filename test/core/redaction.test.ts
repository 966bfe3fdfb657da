import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyLine, mayHoldAnsi } from '../../src/core/log-line.ts';
import { createRedactor } from '../../src/core/redaction.ts';
import { base64Of, bytesOf, hexOf } from '../../src/core/text-encodings.ts';
import { printedLines } from '../support/printed-lines.ts';

const secret = 'p4ss/w0rd+with "quotes" & ünïcode? It\'s (all) *in* ~here! @#$=;:,';
const redactor = createRedactor([{ key: 'TOKEN', value: secret }]);

const forms: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in JSON': (text) => JSON.stringify({ token: text }),
  'in JSON in JSON': (text) => JSON.stringify(JSON.stringify({ token: text })),
  'in JSON with escaped slashes': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  'in a URL': (text) => `/path?token=${encodeURIComponent(text)}&more=1`,
  'in a form': (text) => new URLSearchParams({ token: text }).toString(),
  'in a URL with lower-case escapes': (text) =>
    encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
  'in a URL by RFC 3986': (text) =>
    encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (one) => `%${Buffer.from(one).toString('hex').toUpperCase()}`,
    ),
  'in a path': (text) => encodeURIComponent(text).replaceAll('%2F', '/'),
  'in a URL that was encoded as a whole': (text) => encodeURI(text),
  'in JSON in ASCII': (text) =>
    JSON.stringify(text).replaceAll(/[^ -~]/g, (one) => {
      return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }),
  'in an object that is printed': (text) =>
    inspect({ token: text }, { breakLength: Number.POSITIVE_INFINITY }),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
  'in upper-case hexadecimal': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64 behind one byte': (text) => Buffer.from(`x${text} and more`).toString('base64'),
  'in base64 behind two bytes': (text) => Buffer.from(`xy${text} and more`).toString('base64'),
  'in the base64 of Basic': (text) => `Basic ${btoa(`id:${Buffer.from(text).toString('latin1')}`)}`,
  'in base64url': (text) => Buffer.from(`user:${text}`).toString('base64url'),
  'in base64 in a URL': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
};

/** Twelve characters in a row of it, in any form that the middle of it has. */
function parts(text: string): readonly string[] {
  return Array.from({ length: text.length - 11 }, (_, at) => text.slice(at, at + 12));
}

test.for(Object.entries(forms))('a secret is taken out %s', ([, encode]) => {
  const said = `before ${encode(secret)} after`;
  const clean = redactor.text(said);
  expect(clean).toContain('[secret TOKEN]');
  expect(clean).toMatch(/^before .* after$/);
  const own = encode(secret);
  // A few characters at the edges of base64 are shared with what stands beside the secret.
  for (const part of parts(own.slice(16, -16))) expect(clean).not.toContain(part);
});

test('each line of a secret is taken out', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n';
  const { text } = createRedactor([{ key: 'PEM', value: key }]);
  for (const line of key.trim().split('\n')) expect(text(`> ${line}`)).toBe('> [secret PEM]');
});

test.for([600, 60_000])('a secret of %i characters is taken out', (length) => {
  const value = `begin${'x'.repeat(length)}end`;
  const { text } = createRedactor([{ key: 'LONG', value }]);
  expect(text(`a ${value} b ${encodeURIComponent(value)}`)).toBe('a [secret LONG] b [secret LONG]');
  expect(text(Buffer.from(value).toString('hex'))).toBe('[secret LONG]');
});

test('short values stay', () => {
  const { text } = createRedactor([
    { key: 'FLAG', value: 'true' },
    { key: 'EMPTY', value: '' },
    { key: 'BLANK', value: '          ' },
  ]);
  expect(text('it is true          that')).toBe('it is true          that');
});

test('of two secrets the longer is taken out where one begins with the other', () => {
  const { text } = createRedactor([
    { key: 'SHORT', value: 'abcdefgh' },
    { key: 'LONG', value: 'abcdefghijkl' },
  ]);
  expect(text('abcdefghijkl abcdefgh')).toBe('[secret LONG] [secret SHORT]');
});

test('secrets are taken out of every place of an object, and others stay the same object', () => {
  const { json } = createRedactor([{ key: 'TOKEN', value: '1234567890' }]);
  expect(
    json({ a: ['x 1234567890 y'], '1234567890': { n: 1234567890, other: 5, none: null } }),
  ).toEqual({
    a: ['x [secret TOKEN] y'],
    '[secret TOKEN]': { n: '[secret TOKEN]', other: 5, none: null },
  });
  const innocent = { a: [{ b: 'c' }], d: 1 };
  expect(json(innocent)).toBe(innocent);
});

test('no text makes it slow', () => {
  const secrets = Array.from({ length: 100 }, (_, at) => ({
    key: `K${at}`,
    value: `${'a'.repeat(30)}${at}`,
  }));
  const { text } = createRedactor(secrets);
  // A quadratic search would not come back within the test's time.
  expect(text('a'.repeat(200_000))).toHaveLength(200_000);
});

test('whatever the secret is made of, nothing of it is taken for a pattern', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6, maxLength: 60, unit: 'binary' }), (value) => {
      const { text } = createRedactor([{ key: 'K', value }]);
      fc.pre(value.trim().length >= 6);
      expect(text(`<${value.trim()}>`)).toBe('<[secret K]>');
    }),
  );
});

test('texts are encoded as Node encodes them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = bytesOf(text);
      const expected = Buffer.from(text.toWellFormed());
      expect(Buffer.from(bytes)).toEqual(expected);
      expect(hexOf(bytes)).toBe(expected.toString('hex'));
      expect(base64Of(bytes)).toBe(expected.toString('base64').replaceAll('=', ''));
    }),
  );
});

test('lines that are told to hold no secret hold none, also once they are read', () => {
  const secrets = [
    { key: 'TOKEN', value: 'very-secret' },
    { key: 'QUOTED', value: 'say "no"/never' },
  ];
  for (const known of [secrets, [...secrets, { key: 'NUMBER', value: '750000' }]]) {
    const own = createRedactor(known);
    fc.assert(
      fc.property(printedLines, (lines) => {
        fc.pre(!mayHoldAnsi(lines) && !own.mayChange(lines));
        for (const line of lines.split('\n')) {
          const { details } = classifyLine(line);
          expect(own.text(line)).toBe(line);
          expect(own.json(details)).toBe(details);
        }
      }),
      { numRuns: 2000 },
    );
  }
});

test('a number that is a secret may be the longest that is printed, and stand there in another form', () => {
  const value = String(-1.2345678901234567e-6);
  const { mayChange } = createRedactor([{ key: 'NUMBER', value }]);
  expect(value).toHaveLength(25);
  expect(mayChange('{"n":-1.2345678901234567e-6}')).toBe(true);
});

test.for([
  ['as it is', 'a very-secret b', true],
  ['in escapes', '{"a":"very\\u002dsecret"}', true],
  ['not at all', '{"a":"very\\n-secret"}\nvery-\nsecret', false],
] as const)('lines are told to hold a secret %s', ([, lines, expected]) => {
  const { mayChange } = createRedactor([{ key: 'TOKEN', value: 'very-secret' }]);
  expect(mayChange(lines)).toBe(expected);
});
