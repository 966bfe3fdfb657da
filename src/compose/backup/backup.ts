import type { Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';
import { readKeyIds } from '../../drivers/secret-box/aes-gcm/key-id.ts';
import type { Snapshot } from '../../ports/snapshot.ts';
import { dataLayout } from '../data-layout.ts';
import { requireStore } from '../open-operator-store.ts';
import { keyFileOf } from '../open-secrets.ts';
import { refuseHalfRestored } from './claim-directory.ts';
import type { Header, Manifest } from './format.ts';
import type { Progress } from './progress.ts';
import { readBackup } from './read-backup.ts';
import { snapshotStores } from './stores.ts';
import { writeBackup } from './write-backup.ts';

/**
 * Of a Berth that may run meanwhile. The records, the events and the logs are each of one moment, in this order, within
 * milliseconds. No key, no credentials file, and nothing that can be fetched or built again.
 */
export async function backUp(
  config: Config,
  given: { readonly file: string; readonly version: string; readonly progress: Progress },
): Promise<Manifest> {
  const { dataDirectory, databaseUrl } = config;
  const layout = dataLayout(dataDirectory);
  await refuseHalfRestored(dataDirectory);
  await requireStore(databaseUrl === undefined ? layout.store : layout.id, dataDirectory);
  const stores = snapshotStores(config);
  const createdAt = new Date().toISOString();
  await using store = await stores.store.open();
  await using events = await stores.events.open();
  await using logs = await stores.logs.open();
  const header: Header = {
    format: 'berth-backup',
    formatVersion: 1,
    berth: given.version,
    createdAt,
    keyId: (await readMasterKeyId(store)) ?? ownKeyId(config) ?? null,
    parts: {
      store: { schema: store.schema },
      events: { schema: events.schema },
      logs: { schema: logs.schema },
    },
  };
  return await writeBackup(given.file, header, { store, events, logs }, given.progress);
}

/** For records that say nothing of it yet. */
function ownKeyId(config: Config): string | undefined {
  const file = keyFileOf(config);
  return file === undefined ? undefined : readKeyIds(file)?.[0];
}

/** @throws Failure while the key is exchanged: no single one would open such a backup */
async function readMasterKeyId({ tables }: Snapshot): Promise<string | undefined> {
  const ids = new Set<string>();
  for (const [name, column] of masterKeyNames) {
    const table = tables.find((one) => one.name === name);
    const at = table?.columns.indexOf(column) ?? -1;
    if (table === undefined || at < 0) continue;
    for await (const row of table.rows()) ids.add(String(row[at]));
  }
  if (ids.size > 1) {
    throw new Failure('The master key is being exchanged: a backup would need both.', {
      nextStep: 'Run `berth rotate-key` to its end, then back up.',
    });
  }
  return [...ids][0];
}

const masterKeyNames = [
  ['master_key', 'id'],
  ['sealing_key', 'master_key_id'],
] as const;

/** Reads all of it and writes nothing. @throws Failure where it cannot be restored by this version */
export async function verifyBackup(file: string, progress: Progress): Promise<Manifest> {
  const stores = snapshotStores({ dataDirectory: '' });
  return await readBackup(
    file,
    {
      async header({ parts }) {
        stores.store.checkSchema(parts.store.schema);
        stores.events.checkSchema(parts.events.schema);
        stores.logs.checkSchema(parts.logs.schema);
      },
      table: async () => async () => {},
    },
    progress,
  );
}
