import { expect, test } from 'vitest';
import {
  chooseNode,
  importsWithAssert,
} from '../../../../src/drivers/builder/node/node-version.ts';

test.each([
  [undefined, 24],
  ['', 24],
  ['>=18', 24],
  ['>=24', 24],
  ['>=24.0.0 <24.5.0', 24],
  ['24', 24],
  ['v24.x', 24],
  ['*', 24],
  ['^20 || ^22 || ^24', 24],
  ['22', 22],
  ['22.x', 22],
  ['^22.12.0', 22],
  ['>=20 <24', 22],
  ['^20 || ^22', 22],
])('engines.node %j takes Node %i', (engine, major) => {
  expect(chooseNode(engine)).toEqual({ major });
});

test.each([
  ['>=18 <=20.9.0', 22],
  ['16', 22],
  ['18 || 26', 22],
  ['>=25', 24],
  ['^23.1', 24],
  ['lts/*', 24],
])('engines.node %j takes Node %i and says so', (engine, major) => {
  expect(chooseNode(engine)).toEqual({ major, note: expect.stringContaining(`"${engine}"`) });
});

test.each([undefined, '>=18', '^20 || ^22'])(
  'a source with import assertions takes Node 20 where engines.node is %j',
  (engine) => {
    expect(chooseNode(engine, { importsWithAssert: true })).toEqual({
      major: 20,
      note: expect.stringContaining('`with`'),
    });
  },
);

test('engines.node decides where it refuses Node 20', () => {
  expect(chooseNode('>=22', { importsWithAssert: true })).toEqual({ major: 24 });
});

test.each([
  ['a.js', `import data from './data.json' assert { type: 'json' };`, true],
  ['a.mjs', `import data from "./data.json" assert {type:"json"}`, true],
  ['a.ts', `export { default } from './data.json' assert { type: 'json' };`, true],
  ['a.js', `import data from './data.json' with { type: 'json' };`, false],
  ['a.js', `import assert from 'node:assert';\nassert({ a: 1 });`, false],
  ['README.txt', `import data from './data.json' assert { type: 'json' };`, false],
])('%s with %s imports with assert: %j', (name, text, expected) => {
  expect(importsWithAssert(name, text)).toBe(expected);
});

test.each([
  ['many parts', Array.from({ length: 100_000 }, (_, i) => `>=${i}`).join(' ')],
  ['many ranges', Array.from({ length: 100_000 }, (_, i) => `^${i}`).join('||')],
  ['many digits', `>=${'9'.repeat(1_000_000)}`],
  ['many spaces', `>=${' '.repeat(1_000_000)}x`],
])('a range of %s is not thought about', (_, engine) => {
  const start = process.cpuUsage();
  expect(chooseNode(engine).note).toBe(
    'engines.node is longer than 256 characters: Node 24 is used.',
  );
  expect(chooseNode(engine, { importsWithAssert: true }).major).toBe(20);
  expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
});
