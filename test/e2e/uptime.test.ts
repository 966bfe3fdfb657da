import { expect, test } from 'vitest';
import { watchUptime } from '../uptime/uptime.ts';

/** The short form of `npm run test:uptime`. */
test('redeploys, crashes and restarts cost nothing but what was on a crashed instance', async () => {
  const { counts } = await watchUptime({ redeploys: 4, crashes: 2, restarts: 1 });
  expect(counts.flatMap(({ failed }) => failed)).toEqual([]);
  for (const { probe, tried } of counts) expect(tried, probe).toBeGreaterThan(0);
});
