import type { SnapshotStore } from '../../ports/snapshot.ts';
import type { Migration } from './migrate.ts';
import { openSqliteSnapshot } from './snapshot.ts';
import { checkSchema, createSqliteTarget } from './snapshot-target.ts';

/** The database in this file, for backups. */
export function sqliteSnapshotStore(file: string, migrations: readonly Migration[]): SnapshotStore {
  return {
    open: () => openSqliteSnapshot(file),
    create: (schema) => createSqliteTarget(file, migrations, schema),
    checkSchema: (schema) => checkSchema(file, migrations, schema),
  };
}
