import { expect, test } from 'vitest';
import { parseOtlp } from '../../src/config/parse-otlp.ts';
import { readEnv } from '../../src/config/read-env.ts';

function parse(endpoint: string, headers: string) {
  const mistakes: string[] = [];
  const raw = readEnv({ BERTH_OTLP_ENDPOINT: endpoint, BERTH_OTLP_HEADERS: headers });
  return { ...parseOtlp(raw, mistakes), mistakes };
}

test('without an endpoint nothing is exported', () => {
  expect(parse('', '')).toEqual({ mistakes: [] });
});

test('the endpoint and its headers are read', () => {
  expect(
    parse('http://collector:4318/', 'Authorization=Bearer%20a%2Cb, x-scope = one=two'),
  ).toEqual({
    otlp: {
      endpoint: 'http://collector:4318',
      headers: { authorization: 'Bearer a,b', 'x-scope': 'one=two' },
    },
    mistakes: [],
  });
});

test.for([
  ['ftp://collector', ''],
  ['collector:4318', ''],
  ['http://user:very-secret@collector', ''],
  ['http://collector?token=very-secret', ''],
  ['', 'a=very-secret'],
  ['http://collector', 'very-secret'],
  ['http://collector', 'a=very-secret%'],
  ['http://collector', 'a=very-secret%0d%0ab: c'],
  ['http://collector', 'a b=very-secret'],
] as const)('%j with the headers %j is refused, and not repeated', ([endpoint, headers]) => {
  const { mistakes } = parse(endpoint, headers);
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toMatch(/^BERTH_OTLP_(?:ENDPOINT|HEADERS) must be /);
  expect(mistakes[0]).not.toContain('very-secret');
});
