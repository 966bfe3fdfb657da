import { expect, test } from 'vitest';
import { chooseNode } from '../../../../src/drivers/builder/node/node-version.ts';

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
