import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorTable } from '../../src/core/errors.ts';
import { errorRows } from './error-table/rows.ts';
import { openWorld, type World } from './error-table/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

test('every code of the table has a row here', () => {
  expect(Object.keys(errorRows).toSorted()).toEqual(Object.keys(errorTable).toSorted());
});

test.for(Object.entries(errorRows))('%s is answered as the contract says', async ([code, row]) => {
  const answer = await row.provoke(world);
  const [error, ...others] = answer.body.errors;
  const { code: found, message, ...extras } = error;

  expect([answer.status, found], JSON.stringify(answer.body)).toEqual([row.status, code]);
  expect(message).toEqual(
    typeof row.message === 'string' ? row.message : expect.stringMatching(row.message),
  );
  expect(extras).toEqual(row.extras ?? {});
  expect(others).toEqual([]);
  expect(answer.body).toMatchObject({ statusCode: row.status, message });
  expect(answer.body.error).toBe(row.status === 401 ? code : undefined);
});
