import type { SnapshotStore } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { migrations } from './migrations.ts';

/** Of the records in this file. */
export function openStoreSnapshots(file: string): SnapshotStore {
  return sqliteSnapshotStore(file, migrations);
}
