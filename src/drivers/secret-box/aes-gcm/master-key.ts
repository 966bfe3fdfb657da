import { hkdfSync } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import { digestKey } from './digest.ts';
import { keyBytes } from './key.ts';
import { keyId } from './key-id.ts';
import { type KeyPair, keyPairOf } from './key-pair.ts';
import type { SealingNames } from './seal.ts';

/** What one key of the file yields, each for one purpose. */
export interface MasterKey extends SealingNames {
  readonly bytes: Buffer;
  readonly pair: KeyPair;
  /** Of the digest keys of owners: it opens no secret. */
  readonly wrapping: Buffer;
}

export function masterKeyOf(bytes: Buffer): MasterKey {
  if (bytes.length !== keyBytes)
    throw new Failure(`The secret box needs a key of ${keyBytes} bytes`);
  return {
    version: 'v2',
    bytes,
    kid: keyId(bytes),
    digesting: digestKey(bytes),
    pair: keyPairOf(bytes),
    wrapping: Buffer.from(hkdfSync('sha256', bytes, '', 'berth digest keys of owners', keyBytes)),
  };
}

/** The master keys of a box, the one for new keys first. */
export interface MasterKeys {
  readonly newest: MasterKey;
  /** @throws Failure where there is none of this name */
  find(kid: string): MasterKey;
  /** All that there are now, with `newest` as the first. */
  all(): readonly MasterKey[];
}

/**
 * Keeps what it has seen: a secret may have been read from the store a moment before its key was exchanged.
 * @param readAgain the keys as they lie there now; undefined where nothing has changed since
 */
export function masterKeys(
  first: readonly Buffer[],
  readAgain: () => readonly Buffer[] | undefined,
): MasterKeys {
  const known = new Map<string, MasterKey>();
  let order: readonly MasterKey[] = [];
  const learn = (keys: readonly Buffer[]): void => {
    order = keys.map((bytes) => known.get(keyId(bytes)) ?? masterKeyOf(bytes));
    for (const key of order) known.set(key.kid, key);
  };
  learn(first);
  const all = (): readonly MasterKey[] => {
    const keys = readAgain();
    if (keys !== undefined) learn(keys);
    return order;
  };
  return {
    all,
    get newest() {
      const [newest] = all();
      if (newest === undefined) throw new Failure('The secret box has no key');
      return newest;
    },
    find(kid) {
      const found = known.get(kid);
      if (found !== undefined) return found;
      all();
      return known.get(kid) ?? fail(kid, order);
    },
  };
}

function fail(wanted: string, have: readonly MasterKey[]): never {
  const shown = /^[\w-]{8}$/.test(wanted) ? `'${wanted}'` : 'another name';
  const ours = have.map(({ kid }) => `'${kid}'`).join(' and ');
  throw new Failure(`The secret was sealed with key ${shown}, but this secret box has ${ours}`, {
    nextStep: 'Put back the key file that belongs to this data directory.',
  });
}
