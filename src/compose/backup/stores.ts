import { openEventSnapshots } from '../../drivers/event-broker/embedded/snapshots.ts';
import { openLogSnapshots } from '../../drivers/log-store/sqlite/snapshots.ts';
import { openStoreSnapshots as openPostgresSnapshots } from '../../drivers/store/postgres/snapshots.ts';
import { openStoreSnapshots as openSqliteSnapshots } from '../../drivers/store/sqlite/snapshots.ts';
import type { SnapshotStore } from '../../ports/snapshot.ts';
import { readOrMakeId } from '../data-directory-id.ts';
import { dataLayout } from '../data-layout.ts';
import { type Engines, takingOtherEngine } from './engines.ts';
import type { PartName } from './format.ts';

/** What a Berth keeps that cannot be fetched or built again: in its data directory, and the records where the settings say. */
export function snapshotStores({
  dataDirectory,
  databaseUrl: url,
}: {
  readonly dataDirectory: string;
  readonly databaseUrl?: string;
}): Readonly<Record<PartName, SnapshotStore>> {
  const layout = dataLayout(dataDirectory);
  const owner = async () => ({ id: await readOrMakeId(layout.id), file: layout.id });
  const engines: Engines = {
    sqlite: openSqliteSnapshots(layout.store),
    postgres: openPostgresSnapshots({ url: url ?? '', owner }),
  };
  return {
    store: takingOtherEngine(engines, url === undefined ? 'sqlite' : 'postgres'),
    events: openEventSnapshots(layout.events),
    logs: openLogSnapshots(layout.logs),
  };
}
