import { reject } from '../../core/errors.ts';
import { StaleVersion } from '../../core/store-failure.ts';
import type { Change, Store } from '../../ports/store.ts';
import type { ExpectedVersions } from '../../wire/conditions.ts';

interface Versioned {
  readonly id: string;
  readonly key?: string;
  readonly version: number;
}

/** @throws Rejection `ConcurrentModification` where the client has read another version (contract §2.7) */
export function refuseOtherVersion(read: Versioned, expected: number): void {
  if (read.version !== expected)
    reject('ConcurrentModification', { ...read, expected, actual: read.version });
}

/** Of several versions that the client would take, the newest is the one it has read last. */
export function refuseUnexpectedVersion(
  read: Versioned,
  expected: ExpectedVersions | undefined,
): void {
  if (expected === undefined || expected === '*' || expected.includes(read.version)) return;
  refuseOtherVersion(read, Math.max(...expected));
}

/** A race that the version check of the commit found is the same mistake as an old version in the request. */
export async function commitOrStale(
  store: Store,
  read: Versioned,
  changes: readonly Change[],
): Promise<void> {
  try {
    await store.commit(changes);
  } catch (error) {
    if (!(error instanceof StaleVersion)) throw error;
    reject('ConcurrentModification', { ...read, expected: read.version, actual: read.version + 1 });
  }
}
