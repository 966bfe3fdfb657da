import { expect, test } from 'vitest';
import { tellEventTruth } from '../events/event-truth.ts';

/** The short form of `npm run test:events`. */
test('every message is acknowledged or dead, whatever handlers do and however often the data plane is killed', async () => {
  const truth = await tellEventTruth({ messages: 2_000, kills: 3, topics: 2, seed: 7 });
  expect(truth.lost).toEqual([]);
  expect(truth.survivors).toEqual([]);
  expect([truth.published, truth.messageIds.size, truth.kills]).toEqual([2_000, 2_000, 3]);
  expect(truth.dead.size).toBeGreaterThanOrEqual(truth.fates['always-fails']);
  // Only what must die always fails, and hardly ever one that stood ten times beside a crash.
  expect(truth.acknowledged.size).toBeGreaterThan(2_000 - truth.fates['always-fails'] - 20);
  for (const count of Object.values(truth.fates)) expect(count).toBeGreaterThan(5);
});
