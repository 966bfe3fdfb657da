import { type Kysely, sql } from 'kysely';
import { type PlacedEntry, readBlock, type WantedEntries } from './read-block.ts';
import type { LogDatabase } from './schema.ts';

/** A block that the index told of. */
export interface FoundBlock {
  readonly id: number;
  readonly firstAt: number;
  readonly count: number;
}

/** The entries of these blocks that are wanted, in the order of their positions. */
export async function readBlocks(
  kysely: Kysely<LogDatabase>,
  blocks: readonly Pick<FoundBlock, 'id'>[],
  wanted: WantedEntries,
): Promise<readonly PlacedEntry[]> {
  const ids = JSON.stringify(blocks.map(({ id }) => id));
  const { rows } = await sql<{
    id: number;
    deploymentId: string;
    applicationName: string;
    entries: string;
  }>`
    SELECT id, deployment_id AS deploymentId, application_name AS applicationName, entries FROM log_block
    WHERE id IN (SELECT value FROM json_each(${ids})) ORDER BY id`.execute(kysely);
  return rows.flatMap((row) => readBlock(row, wanted));
}
