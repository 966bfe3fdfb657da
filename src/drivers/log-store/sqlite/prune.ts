import { type Kysely, sql } from 'kysely';
import { Failure } from '../../../core/failure.ts';
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
    const excess = async () => usedBytes(await readSize(database.kysely)) - maxBytes;
    for (let bytes = await excess(); bytes > 0; bytes = await excess()) {
      const removed = await removeSome(prunable, sql`ORDER BY first_at, last_at`, bytes);
      if (removed === 0) break;
    }
    await giveBackPages(prunable);
    if (performance.now() - sweptAt < sweepMs) return;
    sweptAt = performance.now();
    const reasons = await removeUnused(prunable, await listSettledFiles(folder));
    if (reasons.length > 0)
      throw new Failure(
        `${reasons.length} files of logs that nobody needs cannot be removed from ${folder}.`,
        {
          cause: reasons[0],
        },
      );
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
  const files = removed.flatMap(({ file }) => file ?? []);
  // What cannot be removed now is tried again by the sweep, and nobody's removal fails for it.
  await removeUnused(prunable, files);
  return removed.length;
}

/** Of these files, those that no block has any more. A block never gets a file that was there before it. @returns why some are left */
async function removeUnused(
  { database, folder }: Prunable,
  files: readonly string[],
): Promise<readonly unknown[]> {
  if (files.length === 0) return [];
  const names = JSON.stringify([...new Set(files)]);
  const { rows } = await sql<{ name: string }>`
    SELECT value AS name FROM json_each(${names})
    WHERE NOT EXISTS (SELECT 1 FROM log_block WHERE file = value)`.execute(database.kysely);
  return removeFiles(
    folder,
    rows.map(({ name }) => name),
  );
}

/** What a block takes besides its entries, in the table and its indexes. */
const rowBytes = 500;

interface Size {
  readonly pageBytes: number;
  readonly pages: number;
  readonly freePages: number;
  readonly fileBytes: number;
}

async function readSize(kysely: Kysely<LogDatabase>): Promise<Size> {
  const { rows } = await sql<Size>`
    SELECT page_size AS pageBytes, page_count AS pages, freelist_count AS freePages,
      (SELECT coalesce(sum(file_bytes), 0) FROM log_block WHERE file IS NOT NULL) AS fileBytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
  return rows[0] ?? { pageBytes: 0, pages: 0, freePages: 0, fileBytes: 0 };
}

function usedBytes({ pageBytes, pages, freePages, fileBytes }: Size): number {
  return (pages - freePages) * pageBytes + fileBytes;
}

/** Free pages make room for rows that come. Where files come instead they are given back, from a tenth above the bound on. */
async function giveBackPages({ database, maxBytes }: Prunable): Promise<void> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const { pageBytes, pages, freePages, fileBytes } = await readSize(database.kysely);
    const isWithin = pages * pageBytes + fileBytes <= maxBytes * 1.1;
    if (isWithin || freePages === 0 || freePages >= before) return;
    before = freePages;
    await database.giveBack(pagesAtOnce);
  }
}

/** 8 MiB: whoever writes waits for that. */
const pagesAtOnce = 2048;
