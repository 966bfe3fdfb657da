import { type Kysely, sql } from 'kysely';
import type { LogStore } from '../../../ports/log-store.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import { listSettledFiles, removeFiles } from './remove-files.ts';
import type { LogDatabase } from './schema.ts';

interface Prunable {
  readonly database: SqliteDatabase<LogDatabase>;
  readonly folder: string;
  readonly maxBytes: number;
}

/** Only a process that is killed, or a removal that is cut off, leaves files without a block. */
const sweepMs = 60 * 60 * 1000;

/** Little enough that an append never waits long behind one removal: what is removed is overwritten. */
const removal = { blocks: 2000, bytes: 8 * 1024 * 1024 };

export function createPrune(prunable: Prunable): LogStore['prune'] {
  const { database, folder, maxBytes } = prunable;
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async ({ before, deployments = [] }) => {
    await removeAll(
      prunable,
      sql`WHERE first_at < ${before} AND last_at < ${before} ORDER BY first_at, last_at`,
    );
    for (const deployment of deployments)
      await removeAll(prunable, sql`WHERE deployment_id = ${deployment} ORDER BY id`);
    const excess = async () => (await readUsedBytes(database.kysely)) - maxBytes;
    for (let bytes = await excess(); bytes > 0; bytes = await excess()) {
      const removed = await removeSome(prunable, sql`ORDER BY first_at, last_at`, bytes);
      if (removed === 0) break;
    }
    if (performance.now() - sweptAt < sweepMs) return;
    sweptAt = performance.now();
    await removeUnused(prunable, await listSettledFiles(folder));
  };
}

async function removeAll(prunable: Prunable, which: ReturnType<typeof sql>): Promise<void> {
  while ((await removeSome(prunable, which)) > 0);
}

/** The first of them, as many as one removal takes and no more than are needed to free so many bytes. @returns how many blocks */
async function removeSome(
  prunable: Prunable,
  which: ReturnType<typeof sql>,
  bytes = removal.bytes,
): Promise<number> {
  const { database } = prunable;
  const most = Math.min(bytes, removal.bytes);
  const [{ rows: removed }] = await database.runBatch([
    sql<{ file: string | null }>`
      DELETE FROM log_block WHERE id IN (
        SELECT id FROM (
          SELECT id, sum(bytes) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - bytes AS others FROM (
            SELECT id, octet_length(entries) + coalesce(file_bytes, 0) + ${rowBytes} AS bytes
            FROM log_block ${which} LIMIT ${removal.blocks}))
        WHERE others < ${most}) RETURNING file`.compile(database.kysely),
  ]);
  await removeUnused(
    prunable,
    removed.flatMap(({ file }) => file ?? []),
  );
  return removed.length;
}

/** Of these files, those that no block has any more. A block never gets a file that was there before it. */
async function removeUnused(
  { database, folder }: Prunable,
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) return;
  const names = JSON.stringify([...new Set(files)]);
  const { rows } = await sql<{ name: string }>`
    SELECT value AS name FROM json_each(${names})
    WHERE NOT EXISTS (SELECT 1 FROM log_block WHERE file = value)`.execute(database.kysely);
  await removeFiles(
    folder,
    rows.map(({ name }) => name),
  );
}

/** What a block takes besides its entries, in the table and its indexes. */
const rowBytes = 500;

/** The database keeps its size: what was removed makes room for what comes. */
async function readUsedBytes(kysely: Kysely<LogDatabase>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT (page_count - freelist_count) * page_size
      + (SELECT coalesce(sum(file_bytes), 0) FROM log_block WHERE file IS NOT NULL) AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
  return rows[0]?.bytes ?? 0;
}
