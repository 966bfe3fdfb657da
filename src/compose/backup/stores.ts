import { openEventSnapshots } from '../../drivers/event-broker/embedded/snapshots.ts';
import { openLogSnapshots } from '../../drivers/log-store/sqlite/snapshots.ts';
import { openStoreSnapshots } from '../../drivers/store/sqlite/snapshots.ts';
import type { SnapshotStore } from '../../ports/snapshot.ts';
import { dataLayout } from '../data-layout.ts';
import type { PartName } from './format.ts';

/** What a data directory keeps that cannot be fetched or built again. */
export function snapshotStores(dataDirectory: string): Readonly<Record<PartName, SnapshotStore>> {
  const layout = dataLayout(dataDirectory);
  return {
    store: openStoreSnapshots(layout.store),
    events: openEventSnapshots(layout.events),
    logs: openLogSnapshots(layout.logs),
  };
}
