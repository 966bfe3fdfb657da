import { reject } from '../../core/errors.ts';
import { StaleVersion } from '../../core/store-failure.ts';
import type { Change, Store } from '../../ports/store.ts';

/** A race that the version check of the commit found is the same mistake as an old version in the request. */
export async function commitOrStale(
  store: Store,
  read: { readonly id: string; readonly key?: string; readonly version: number },
  changes: readonly Change[],
): Promise<void> {
  try {
    await store.commit(changes);
  } catch (error) {
    if (!(error instanceof StaleVersion)) throw error;
    reject('ConcurrentModification', { ...read, expected: read.version, actual: read.version + 1 });
  }
}
