import { copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MasterKeyConfig } from '../../config/parse-config.ts';
import { explainFullDisk, Failure } from '../../core/failure.ts';
import { readKeyIds } from '../../drivers/secret-box/aes-gcm/key-id.ts';
import { secretBoxFromKey } from '../../drivers/secret-box/aes-gcm/secret-box.ts';
import type { SnapshotTarget } from '../../ports/snapshot.ts';
import { dataLayout } from '../data-layout.ts';
import { keyFileOf, type MasterKeySettings } from '../open-secrets.ts';
import { claimDirectory } from './claim-directory.ts';
import { type Header, type Manifest, partNames } from './format.ts';
import type { Progress } from './progress.ts';
import { readBackup } from './read-backup.ts';
import { snapshotStores } from './stores.ts';

/**
 * Into an empty data directory, and an empty database where the settings name one. While it lasts, a mark keeps every Berth off
 * the directory; where it fails, nothing of it stays, and where it is killed, the mark does.
 * @throws Failure where the directory or the database is not empty, the key is another, or the backup is not whole
 */
export async function restore(
  config: MasterKeySettings & { readonly databaseUrl?: string },
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
          const stores = snapshotStores(config);
          for (const part of partNames) stores[part].checkSchema(header.parts[part].schema);
          checkKey(header, isOwnFile ? given.keyFile : config.masterKey);
          undo = await claimDirectory(dataDirectory);
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
    if (isOwnFile && given.keyFile !== undefined) await copyKey(given.keyFile, layout.keyFile);
    // The records last: what is in a database outside is not undone with the directory.
    for (const part of partNames.toReversed()) await targets.get(part)?.finish();
    await rm(layout.restoring);
    return manifest;
  } catch (error) {
    await undo();
    throw explainFullDisk(error);
  }
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
