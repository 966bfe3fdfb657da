import { expect, test } from 'vitest';
import { soak } from '../soak/soak.ts';

/** The short form of `npm run soak`. */
test('deployments that come and go leave nothing behind', async () => {
  const workload = { deployments: 24, redeploys: 24, alive: 4, lanes: 2 };
  const { verdicts, left } = await soak(workload, 8);
  expect(verdicts.filter(({ holds }) => !holds)).toEqual([]);
  expect(left).toEqual([]);
});
