import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { choosePoints } from '../chaos/choose-points.ts';
import { listPoints, type PointOfOperation } from '../chaos/points.ts';
import { playRound } from '../chaos/round.ts';
import { openWorld, operations, type World } from '../chaos/world.ts';

/** The short form of `npm run test:chaos`. Each day has other points. */
const turn = Math.floor(Date.now() / (24 * 3600 * 1000));

describe('when something goes wrong', () => {
  let world: World;
  let points: readonly PointOfOperation[];
  beforeAll(async () => {
    world = await openWorld();
    points = await listPoints(world);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('every step of every operation has its three points, and the data plane has its own', () => {
    for (const operation of operations) {
      const own = points.filter((one) => one.operation === operation);
      const steps = new Set(own.flatMap(({ point }) => /^step (.+): /.exec(point)?.[1] ?? []));
      expect(steps.size).toBeGreaterThan(2);
      for (const step of steps) {
        const places = own.flatMap(
          ({ point }) => new RegExp(`^step ${step}: (.+)$`).exec(point)?.[1] ?? [],
        );
        expect(places.toSorted(), `${operation}, ${step}`).toEqual([
          'after',
          'before',
          'in the middle',
        ]);
      }
      expect(own.some(({ plane }) => plane === 'data')).toBe(true);
    }
  });

  test('a kill in the middle of an operation loses, leaks and holds up nothing', {
    timeout: 1_500_000,
  }, async () => {
    const found: string[] = [];
    const chosen = choosePoints(points, 2, turn);
    let reached = 0;
    for (const { operation, plane, point } of chosen) {
      const fault = { plane, point, action: 'kill' } as const;
      const { violations, fired } = await playRound(world, operation, fault);
      if (fired) reached++;
      found.push(...violations.map((text) => `${operation}, ${plane} plane, ${point}: ${text}`));
    }
    expect(found).toEqual([]);
    // A few lie beside the course that was taken this time.
    expect(reached).toBeGreaterThan(chosen.length / 2);
  });
});
