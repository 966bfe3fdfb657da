import { requireKnownSchema } from '../../core/schema-history.ts';
import type { SnapshotStore } from '../../ports/snapshot.ts';
import type { Migration } from './migrate.ts';
import { openSqliteSnapshot, sequenceTable } from './snapshot.ts';
import { createSqliteTarget, schemaOf, type TargetOptions } from './snapshot-target.ts';

/** The database in this file, for backups. */
export function sqliteSnapshotStore(
  file: string,
  migrations: readonly Migration[],
  options?: TargetOptions,
): SnapshotStore {
  const known = schemaOf(migrations);
  return {
    schema: known,
    sequenceTable,
    open: () => openSqliteSnapshot(file),
    create: (schema) => createSqliteTarget(file, migrations, schema, options),
    checkSchema: (schema) => requireKnownSchema(file, known, schema),
  };
}
