import { isDeepStrictEqual } from 'node:util';
import type { Release, ReleaseState } from '../core/release.ts';
import type { Address } from '../ports/runtime-reader.ts';
import type { Store } from '../ports/store.ts';

/** What the store says should be there. */
export interface DesiredState {
  readonly releases: readonly Release[];
  /** Those of Deployments that exist. */
  readonly addresses: readonly Address[];
}

const runningStates: readonly ReleaseState[] = ['candidate', 'current', 'draining'];

/**
 * Reads it, again and again: a release only where it is another one than it was, for thousands may sleep, and nothing at
 * all where the store can tell that nothing was committed. A release that has not changed is the same object, and where none has,
 * so is the list: whatever follows from it stays too.
 */
export function createDesiredStateReader(
  store: Pick<Store, 'runtime' | 'version'>,
): () => Promise<DesiredState> {
  let known: ReadonlyMap<string, KnownRelease> = new Map();
  let last: { readonly version: number | undefined; readonly state: DesiredState } | undefined;

  const readReleases = async (): Promise<readonly Release[]> => {
    const marks = await store.runtime.releaseMarks({ states: runningStates });
    const others = marks.filter(({ id, edition }) => known.get(id)?.edition !== edition);
    const read = await store.runtime.releasesById(others.map(({ id }) => id));
    const readById = new Map(read.map((release) => [release.id, release]));
    const now = new Map<string, KnownRelease>();
    for (const { id, state, routed, edition } of marks) {
      const release = readById.get(id) ?? known.get(id)?.release;
      // Forgotten meanwhile.
      if (release === undefined) continue;
      const isSame = release.state === state && release.routed === routed;
      now.set(id, { edition, release: isSame ? release : { ...release, state, routed } });
    }
    known = now;
    return [...now.values()].map(({ release }) => release);
  };

  return async () => {
    // Before anything is read: what is committed meanwhile makes it another one.
    const version = store.version();
    if (version !== undefined && version === last?.version) return last.state;
    const releases = await readReleases();
    const reserved = await store.runtime.addresses();
    const addresses = reserved.filter(({ state }) => state !== 'released');
    const before = last?.state;
    const state = {
      releases: before && areSame(before.releases, releases) ? before.releases : releases,
      addresses:
        before && isDeepStrictEqual(before.addresses, addresses) ? before.addresses : addresses,
    };
    last = { version, state };
    return state;
  };
}

function areSame(before: readonly Release[], now: readonly Release[]): boolean {
  return before.length === now.length && before.every((release, place) => release === now[place]);
}

interface KnownRelease {
  readonly edition: number;
  readonly release: Release;
}
