import { type Kysely, sql } from 'kysely';
import type { LogStore } from '../../../ports/log-store.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import type { LogDatabase } from './schema.ts';

type Rule = Parameters<LogStore['prune']>[0];

/** Little enough that an append never waits long behind one removal: what is removed is overwritten. */
const removal = { blocks: 2000, bytes: 8 * 1024 * 1024 };

export async function pruneLogs(
  database: SqliteDatabase<LogDatabase>,
  rule: Rule,
  maxBytes: number,
): Promise<void> {
  const { before } = rule;
  await removeAll(
    database,
    sql`WHERE first_at < ${before} AND last_at < ${before} ORDER BY first_at, last_at`,
  );
  for (const deployment of rule.deployments ?? [])
    await removeAll(database, sql`WHERE deployment_id = ${deployment} ORDER BY id`);
  const excess = async () => (await readUsedBytes(database.kysely)) - maxBytes;
  for (let bytes = await excess(); bytes > 0; bytes = await excess()) {
    const removed = await removeSome(database, sql`ORDER BY first_at, last_at`, bytes);
    if (removed === 0) break;
  }
}

async function removeAll(
  database: SqliteDatabase<LogDatabase>,
  which: ReturnType<typeof sql>,
): Promise<void> {
  while ((await removeSome(database, which)) > 0);
}

/** The first of them, as many as one removal takes and no more than are needed to free so many bytes. @returns how many blocks */
async function removeSome(
  database: SqliteDatabase<LogDatabase>,
  which: ReturnType<typeof sql>,
  bytes = removal.bytes,
): Promise<number> {
  const most = Math.min(bytes, removal.bytes);
  const [removed] = await database.runBatch([
    sql`
      DELETE FROM log_block WHERE id IN (
        SELECT id FROM (
          SELECT id, sum(bytes) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - bytes AS others FROM (
            SELECT id, octet_length(entries) + ${rowBytes} AS bytes FROM log_block ${which} LIMIT ${removal.blocks}))
        WHERE others < ${most})`.compile(database.kysely),
  ]);
  return removed.changes;
}

/** What a block takes besides its entries, in the table and its indexes. */
const rowBytes = 500;

/** The file keeps its size: what was removed makes room for what comes. */
async function readUsedBytes(kysely: Kysely<LogDatabase>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
  return rows[0]?.bytes ?? 0;
}
