import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MasterKeyConfig } from '../../config/parse-config.ts';
import { explainFullDisk, Failure } from '../../core/failure.ts';
import { readKeyIds } from '../../drivers/secret-box/aes-gcm/key-id.ts';
import { secretBoxFromKey } from '../../drivers/secret-box/aes-gcm/secret-box.ts';
import type { SnapshotTarget } from '../../ports/snapshot.ts';
import { dataLayout } from '../data-layout.ts';
import { keyFileOf, type MasterKeySettings } from '../open-secrets.ts';
import { type Header, type Manifest, partNames } from './format.ts';
import type { Progress } from './progress.ts';
import { readBackup } from './read-backup.ts';
import { snapshotStores } from './stores.ts';

/**
 * Into an empty data directory. While it lasts, a mark keeps every Berth off it; where it fails, nothing of it stays, and
 * where it is killed, the mark does.
 * @throws Failure where the folder is not empty, the key is another, or the backup is not whole
 */
export async function restore(
  config: MasterKeySettings,
  given: {
    readonly file: string;
    readonly keyFile: string | undefined;
    readonly progress: Progress;
  },
): Promise<Manifest> {
  const { dataDirectory } = config;
  const layout = dataLayout(dataDirectory);
  // What the settings name elsewhere is there already.
  const isOwnFile = keyFileOf(config) === layout.keyFile;
  let undo = async (): Promise<void> => {};
  try {
    await using stack = new AsyncDisposableStack();
    const targets = new Map<string, SnapshotTarget>();
    const manifest = await readBackup(
      given.file,
      {
        async header(header) {
          const stores = snapshotStores(dataDirectory);
          for (const part of partNames) stores[part].checkSchema(header.parts[part].schema);
          checkKey(header, isOwnFile ? given.keyFile : config.masterKey);
          undo = await claim(dataDirectory);
          for (const part of partNames)
            targets.set(part, stack.use(await stores[part].create(header.parts[part].schema)));
        },
        async table({ part, table, columns }) {
          const target = targets.get(part);
          if (target === undefined) throw new Error(`There is no part ${part}`);
          return target.openTable(table, columns);
        },
      },
      given.progress,
    );
    for (const target of targets.values()) await target.finish();
    if (isOwnFile && given.keyFile !== undefined) await copyKey(given.keyFile, layout.keyFile);
    await rm(layout.restoring);
    return manifest;
  } catch (error) {
    await undo();
    throw explainFullDisk(error);
  }
}

/** @throws Failure where a restore into the data directory was cut off */
export async function refuseHalfRestored(dataDirectory: string): Promise<void> {
  const names: readonly string[] = await readdir(dataDirectory).catch(() => []);
  if (!names.includes(restoringName)) return;
  throw new Failure(`A restore into ${dataDirectory} was cut off: what is there is not whole.`, {
    nextStep: 'Remove everything in that folder and restore again.',
  });
}

const restoringName = 'restoring';

/** @returns how to leave the folder as it was */
async function claim(dataDirectory: string): Promise<() => Promise<void>> {
  const made = await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await refuseHalfRestored(dataDirectory);
  if ((await readdir(dataDirectory)).length > 0) {
    throw new Failure(`The data directory ${dataDirectory} is not empty.`, {
      nextStep: 'Set BERTH_DATA_DIR to a folder that is empty or not there yet.',
    });
  }
  await writeFile(join(dataDirectory, restoringName), '', { flag: 'wx' });
  return async () => {
    for (const name of await readdir(dataDirectory))
      await rm(join(dataDirectory, name), { recursive: true, force: true });
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  };
}

function checkKey({ keyId }: Header, from: string | MasterKeyConfig | undefined): void {
  if (keyId === null) return;
  if (typeof from === 'object' && from.key !== undefined) {
    const ids = secretBoxFromKey(from.key).masterKeyIds;
    if (ids.includes(keyId)) return;
    throw new Failure(
      `The secrets in this backup need the key ${keyId}, and BERTH_MASTER_KEY is ${ids.join()}.`,
      { nextStep: 'Set it to the key of the Berth that was backed up.' },
    );
  }
  const keyFile = typeof from === 'object' ? from.file : from;
  if (keyFile === undefined) {
    throw new Failure(`The secrets in this backup need the key ${keyId}, which is not in it.`, {
      nextStep:
        'Say with --key-file where it is: keys/secrets.key of the data directory that was backed up.',
    });
  }
  const given = readKeyIds(keyFile);
  if (given === undefined) throw new Failure(`There is no key file ${keyFile}.`);
  if (given.includes(keyId)) return;
  throw new Failure(
    `The secrets in this backup need the key ${keyId}, and ${keyFile} is ${given.join(' and ')}.`,
    {
      nextStep: 'Name the key file that belongs to the data directory that was backed up.',
    },
  );
}

async function copyKey(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  // Its mode comes along, and was checked when it was read.
  await copyFile(from, to);
}
