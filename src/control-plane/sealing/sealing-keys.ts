import { Failure } from '../../core/failure.ts';
import { berthItself, type SealingKey } from '../../core/sealing-key.ts';
import { DuplicateKey, MasterKeyMoved } from '../../core/store-failure.ts';
import type { Sealer } from '../../ports/secret-box.ts';
import type { Change, Store } from '../../ports/store.ts';

interface Dependencies {
  readonly store: Pick<Store, 'sealingKeys' | 'commit'>;
  readonly sealer: Sealer;
}

/** A key, and what a commit must say beside what is sealed with it. */
export interface KeyForSealing {
  readonly key: SealingKey;
  readonly changes: readonly Change[];
}

/** Sealed with the master key that the store names: another is on its way in or out. */
export async function newSealingKey(
  { store, sealer }: Dependencies,
  owner: string,
): Promise<KeyForSealing> {
  const key = sealer.newKey(owner, await requireMasterKey(store));
  return { key, changes: [{ kind: 'insert-sealing-key', key }] };
}

/** Deployments that are older than such keys get theirs here. */
export async function findOrMakeSealingKey(
  deps: Dependencies,
  owner: string,
): Promise<KeyForSealing> {
  const key = await deps.store.sealingKeys.get(owner);
  return key === undefined ? newSealingKey(deps, owner) : { key, changes: [] };
}

/** Berth's own key, made by whoever comes first, and with it the name of the master key. */
export async function openOwnKey(deps: Dependencies): Promise<SealingKey> {
  const { store, sealer } = deps;
  if ((await store.sealingKeys.masterKeyId()) === undefined) {
    const first = { kind: 'set-master-key', id: sealer.masterKeyId } as const;
    await store.commit([first]).catch(ignoreTaken);
  }
  return untilMasterKeyStays(async () => {
    const { key, changes } = await findOrMakeSealingKey(deps, berthItself);
    if (changes.length === 0) return key;
    await store.commit(changes).catch(ignoreTaken);
    return (await store.sealingKeys.get(berthItself)) ?? key;
  });
}

const attempts = 5;

/** Does it again where the master key was exchanged between the look at it and the commit. */
export async function untilMasterKeyStays<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MasterKeyMoved) || attempt === attempts) throw error;
    }
  }
}

async function requireMasterKey({ sealingKeys }: Dependencies['store']): Promise<string> {
  const id = await sealingKeys.masterKeyId();
  if (id !== undefined) return id;
  throw new Failure('The records do not say which master key is used', {
    nextStep: 'Start Berth once: it writes that down.',
  });
}

function ignoreTaken(error: unknown): void {
  if (!(error instanceof DuplicateKey)) throw error;
}
