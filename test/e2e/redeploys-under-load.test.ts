import { expect, test } from 'vitest';
import { redeployUnderLoad } from '../load/redeploys-under-load.ts';

/** The short form of `npm run test:load`. */
test('redeploys one after another fail no request', async () => {
  const shape = { perSecond: 100, longEvery: 50, longMs: 10_000, postEvery: 10 };
  const { load } = await redeployUnderLoad({ redeploys: 8, ...shape });
  expect(load.failures).toEqual([]);
  expect(load.long).toBeGreaterThan(2);
  expect(load.posts).toBeGreaterThan(10);
  expect(load.bodies.size).toBe(9);
});
