import type { SnapshotStore } from '../../../ports/snapshot.ts';
import { sqliteSnapshotStore } from '../../sqlite/snapshot-store.ts';
import { migrations } from './schema.ts';

/** Of the logs in this file. */
export function openLogSnapshots(file: string): SnapshotStore {
  return sqliteSnapshotStore(file, migrations);
}
