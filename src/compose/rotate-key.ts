import { DatabaseSync } from 'node:sqlite';
import { openOwnKey } from '../control-plane/sealing/sealing-keys.ts';
import { Failure } from '../core/failure.ts';
import { newKey, readKeys, replaceKeys } from '../drivers/secret-box/aes-gcm/key.ts';
import type { SecretBox } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import type { Store } from '../ports/store.ts';
import { dataLayout } from './data-layout.ts';
import { tryLock } from './file-lock.ts';
import { requireStore } from './open-operator-store.ts';
import {
  keyFileOf,
  type MasterKeySettings,
  openSecrets,
  requireMasterKey,
} from './open-secrets.ts';
import { openStore } from './open-store.ts';

export interface Rotated {
  /** Names of the master keys. */
  readonly from: string;
  readonly to: string;
  /** How many keys were sealed again. */
  readonly keys: number;
  /** An exchange that was cut off was brought to its end. */
  readonly resumed: boolean;
}

type Settings = MasterKeySettings & { readonly databaseUrl?: string };

const atOnce = 100;
const busyTimeoutMs = 5000;

/**
 * Exchanges the master key under planes that may run. The file holds both keys meanwhile, the store says which one seals new
 * keys, and every step can be done again: whoever cuts it off runs it once more.
 */
export async function rotateKey(config: Settings): Promise<Rotated> {
  return withRecords(config, async (store, secrets) => {
    await requireMasterKey(store, secrets);
    await openOwnKey({ store, sealer: secrets });
    const from = (await store.sealingKeys.masterKeyId()) ?? secrets.masterKeyId;
    await refuseOlder(store);
    const resumed = await isUnderWay(config, store, secrets, from);
    const to = resumed ? secrets.masterKeyId : await begin(config, secrets);
    if (from !== to) await store.commit([{ kind: 'set-master-key', id: to, instead: from }]);
    const keys = await rewrapAll(store, secrets, to);
    await finish(config);
    if (config.databaseUrl === undefined) emptyLog(dataLayout(config.dataDirectory).store);
    return { from: older(secrets, from, to), to, keys, resumed };
  });
}

/** For whoever has lost it: nothing that was sealed opens any more, and everything is sealed with a new key from now on. */
export async function replaceLostKey(config: Settings): Promise<Rotated> {
  return withRecords(config, async (store, secrets) => {
    const from = await store.sealingKeys.masterKeyId();
    const to = secrets.masterKeyId;
    if (from === undefined || secrets.masterKeyIds.includes(from)) {
      throw new Failure('The master key of the records is here: it is not lost.', {
        nextStep: 'Exchange it with `berth rotate-key`, without --lost.',
      });
    }
    await store.commit([
      { kind: 'set-master-key', id: to, instead: from },
      { kind: 'delete-sealing-keys' },
      { kind: 'forget-kept-answers', until: Number.MAX_SAFE_INTEGER },
    ]);
    await openOwnKey({ store, sealer: secrets });
    return { from, to, keys: 0, resumed: false };
  });
}

async function withRecords(
  config: Settings,
  work: (store: Store, secrets: SecretBox) => Promise<Rotated>,
): Promise<Rotated> {
  const layout = dataLayout(config.dataDirectory);
  if (config.databaseUrl === undefined) await requireStore(layout.store, config.dataDirectory);
  using lock = tryLock(layout.lock('key'));
  if (lock === undefined) {
    throw new Failure('Another `berth rotate-key` is at work in this data directory.', {
      nextStep: 'Wait for it to end.',
    });
  }
  const secrets = await openSecrets(config);
  await using store = await openStore(config);
  return await work(store, secrets);
}

async function isUnderWay(
  config: Settings,
  store: Store,
  { masterKeyId: newest }: SecretBox,
  current: string,
): Promise<boolean> {
  if (current !== newest) return true;
  const file = keyFileOf(config);
  if (file !== undefined && (readKeys(file)?.length ?? 0) > 1) return true;
  return (await store.sealingKeys.notSealedWith(newest, 1)).length > 0;
}

/** Only the first start seals what is older than keys of Deployments, while nobody else writes. */
async function refuseOlder({ sealingKeys }: Store): Promise<void> {
  if ((await sealingKeys.deploymentsWithout(1)).length === 0) return;
  throw new Failure('Some Deployments have no key of their own yet.', {
    nextStep: 'Start this version of Berth once: it makes them. Then exchange the master key.',
  });
}

/** @returns the name of the new key, which lies in the file from now on */
async function begin(config: Settings, secrets: SecretBox): Promise<string> {
  const file = keyFileOf(config);
  if (file === undefined) {
    throw new Failure('The master key comes from BERTH_MASTER_KEY, which Berth cannot change.', {
      nextStep:
        'Set BERTH_MASTER_KEY to a new key (`openssl rand -base64 32`) and BERTH_MASTER_KEY_PREVIOUS to the one there is now, restart Berth, and run this again with both.',
    });
  }
  await replaceKeys(file, [newKey(), ...(readKeys(file) ?? [])]);
  return secrets.masterKeyId;
}

/** No key comes in that is sealed with another: the store refuses it. So there is an end. */
async function rewrapAll(store: Store, secrets: SecretBox, masterKeyId: string): Promise<number> {
  for (let count = 0; ; ) {
    const keys = await store.sealingKeys.notSealedWith(masterKeyId, atOnce);
    if (keys.length === 0) return count;
    await store.commit(
      keys.map((key) => ({
        kind: 'rewrap-sealing-key',
        key: secrets.rewrap(key, masterKeyId),
      })),
    );
    count += keys.length;
  }
}

/** Nothing hangs on the older key any more. */
async function finish(config: Settings): Promise<void> {
  const file = keyFileOf(config);
  const [newest, ...others] = (file === undefined ? undefined : readKeys(file)) ?? [];
  if (file !== undefined && newest !== undefined && others.length > 0)
    await replaceKeys(file, [newest]);
}

/** Keys as they were are in SQLite's log of changes until it is written over. Where somebody reads for long, they stay until then. */
function emptyLog(file: string): void {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Where an exchange goes on behind the change of the store, that names the new key already. */
function older({ masterKeyIds }: SecretBox, from: string, to: string): string {
  return from === to ? (masterKeyIds.find((id) => id !== to) ?? from) : from;
}
