import type { Change, Store } from '../../../src/ports/store.ts';

/** An empty store of its own for each test. */
export interface StorePlace {
  /** Opens the same store again and again. */
  open(): Promise<Store>;
  /** What `test/fixtures/store/open-store.ts` opens it by in another process. */
  readonly address: string;
}

export type PrepareStore = () => Promise<StorePlace>;

/** What a commit throws, for tests that look at it closely. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

export async function commitEach(store: Store, changes: readonly Change[]): Promise<void> {
  for (const change of changes) await store.commit([change]);
}
