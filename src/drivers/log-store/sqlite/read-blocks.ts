import { type Kysely, sql } from 'kysely';
import type { FilePlace } from './block-files.ts';
import { type PlacedEntry, readBlock, type WantedEntries } from './read-block.ts';
import { type FileReader, readFiles } from './read-files.ts';
import type { LogDatabase } from './schema.ts';

/** A block that the index told of. */
export interface FoundBlock {
  readonly id: number;
  readonly firstAt: number;
  readonly count: number;
}

/** Where blocks are: some have their entries in files. */
export interface StoredBlocks {
  readonly kysely: Kysely<LogDatabase>;
  readonly folder: string;
}

/** The entries of these blocks that are wanted, in the order of their positions. */
export async function readBlocks(
  { kysely, folder }: StoredBlocks,
  blocks: readonly Pick<FoundBlock, 'id'>[],
  wanted: WantedEntries,
): Promise<readonly PlacedEntry[]> {
  const ids = JSON.stringify(blocks.map(({ id }) => id));
  const { rows } = await sql<BlockRow>`
    SELECT id, deployment_id AS deploymentId, application_name AS applicationName, entry_count AS count,
      entries, file, file_from AS "from", file_bytes AS bytes
    FROM log_block WHERE id IN (SELECT value FROM json_each(${ids})) ORDER BY id`.execute(kysely);
  await using files = readFiles(folder);
  const found: PlacedEntry[] = [];
  for (const row of rows) {
    const entries = row.file === null ? readBlock(row, wanted) : await readFrom(files, row, wanted);
    if (entries !== undefined) found.push(...entries);
  }
  return found;
}

/** What a power cut has made of one block is no reason to show none. */
async function readFrom(
  files: FileReader,
  row: BlockOrigin & FilePlace,
  wanted: WantedEntries,
): Promise<readonly PlacedEntry[] | undefined> {
  const entries = await files.read(row);
  try {
    return entries === undefined ? undefined : readBlock({ ...row, entries }, wanted);
  } catch {
    return undefined;
  }
}

interface BlockOrigin {
  readonly id: number;
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly count: number;
}

type BlockRow = BlockOrigin &
  (({ readonly file: null } & { readonly entries: string }) | FilePlace);
