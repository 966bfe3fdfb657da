import { requireKnownSchema } from '../../../core/schema-history.ts';
import type { SnapshotStore } from '../../../ports/snapshot.ts';
import { schema } from './migrate.ts';
import type { Owner } from './owner.ts';
import { openPostgresSnapshot, sequenceTable } from './snapshot.ts';
import { createPostgresTarget } from './snapshot-target.ts';

/** Of the records in this database. `owner` is asked for when they are read or written. */
export function openStoreSnapshots(options: {
  readonly url: string;
  readonly owner: () => Promise<Owner>;
}): SnapshotStore {
  const { url, owner } = options;
  return {
    schema,
    sequenceTable,
    open: async () => openPostgresSnapshot(url, await owner()),
    create: async (given) => createPostgresTarget(url, await owner(), given),
    checkSchema: (given) => requireKnownSchema('the records', schema, given),
  };
}
