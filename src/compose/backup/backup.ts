import type { Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';
import { readKeyId } from '../../drivers/secret-box/aes-gcm/key-id.ts';
import { dataLayout } from '../data-layout.ts';
import { requireStore } from '../open-operator-store.ts';
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
  if (databaseUrl !== undefined) throw recordsElsewhere();
  const layout = dataLayout(dataDirectory);
  await requireStore(layout.store, dataDirectory);
  const stores = snapshotStores(dataDirectory);
  const createdAt = new Date().toISOString();
  await using store = await stores.store.open();
  await using events = await stores.events.open();
  await using logs = await stores.logs.open();
  const header: Header = {
    format: 'berth-backup',
    formatVersion: 1,
    berth: given.version,
    createdAt,
    keyId: (await readKeyId(layout.keyFile)) ?? null,
    parts: {
      store: { schema: store.schema },
      events: { schema: events.schema },
      logs: { schema: logs.schema },
    },
  };
  return await writeBackup(given.file, header, { store, events, logs }, given.progress);
}

function recordsElsewhere(): Failure {
  return new Failure('The records are in PostgreSQL, which this backup does not hold.', {
    nextStep:
      'Back the database up with pg_dump, stop Berth and copy the data directory. Keep both: neither is of use alone.',
  });
}

/** Reads all of it and writes nothing. @throws Failure where it cannot be restored by this version */
export async function verifyBackup(file: string, progress: Progress): Promise<Manifest> {
  const stores = snapshotStores('');
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
