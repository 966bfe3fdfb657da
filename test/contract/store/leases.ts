import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/ports/store.ts';
import type { PrepareStore } from './place.ts';

const take = (store: Store, holder: string, more: object = {}) =>
  store.leases.take({
    ...{ pool: 'builds', size: 2, holder, worker: 'worker', now: 1000, until: 2000 },
    ...more,
  });

export function describeLeases(prepare: PrepareStore): void {
  const open = async () => (await prepare()).open();

  describe('leases', () => {
    test('are as many as the pool has places, and no more', async () => {
      await using store = await open();
      const taken = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => take(store, holder)));
      expect(taken.filter(Boolean)).toHaveLength(2);
      expect(await take(store, 'e', { pool: 'others' })).toBe(true);
      expect(await take(store, 'f', { size: 3 })).toBe(true);
      expect(await take(store, 'g', { size: 3 })).toBe(false);
    });

    test('end when they are given back, and of their own when their time is over', async () => {
      await using store = await open();
      await take(store, 'a');
      await take(store, 'b');
      await store.leases.release('a');
      await store.leases.release('nobody');
      expect(await take(store, 'c')).toBe(true);
      expect(await take(store, 'd', { now: 2000 })).toBe(false);
      expect(await take(store, 'd', { now: 2001, until: 3000 })).toBe(true);
    });

    test('go on while they are renewed, and not once somebody else has taken over', async () => {
      await using store = await open();
      await take(store, 'a', { size: 1 });
      expect(await store.leases.renew({ holder: 'a', until: 5000 })).toBe(true);
      expect(await take(store, 'b', { size: 1, now: 4000, until: 6000 })).toBe(false);
      expect(await take(store, 'b', { size: 1, now: 5001, until: 6000 })).toBe(true);
      expect(await store.leases.renew({ holder: 'a', until: 9000 })).toBe(false);
    });

    test('of a worker that is dead end together', async () => {
      await using store = await open();
      await take(store, 'a', { worker: 'dead' });
      await take(store, 'b', { worker: 'alive' });
      await store.leases.releaseAll('dead');
      expect(await take(store, 'c')).toBe(true);
      expect(await take(store, 'd')).toBe(false);
    });
  });
}
