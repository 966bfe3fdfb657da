import type { SnapshotStore } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { migrations } from './schema.ts';

/** Of the events in this file. */
export function openEventSnapshots(file: string): SnapshotStore {
  return sqliteSnapshotStore(file, migrations);
}
