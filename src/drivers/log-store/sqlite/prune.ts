import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { LogStore } from '../../../ports/log-store.ts';
import type { LogDatabase } from './schema.ts';

type Rule = Parameters<LogStore['prune']>[0];

/** Few enough that an append never waits long behind one removal. */
const rowsPerRemoval = 2000;

export async function pruneLogs(
  kysely: Kysely<LogDatabase>,
  rule: Rule,
  maxBytes: number,
): Promise<void> {
  const ids = kysely.selectFrom('log_entry').select('id');
  await removeAll(kysely, ids.where('timestamp', '<', rule.before));
  for (const deployment of rule.deployments ?? [])
    await removeAll(kysely, ids.where('deployment_id', '=', deployment));
  while ((await readUsedBytes(kysely)) > maxBytes) {
    if ((await removeSome(kysely, ids.orderBy('timestamp'))) === 0) break;
  }
}

type Ids = SelectQueryBuilder<LogDatabase, 'log_entry', { id: number }>;

async function removeAll(kysely: Kysely<LogDatabase>, ids: Ids): Promise<void> {
  while ((await removeSome(kysely, ids)) === rowsPerRemoval);
}

async function removeSome(kysely: Kysely<LogDatabase>, ids: Ids): Promise<number> {
  const { numDeletedRows } = await kysely
    .deleteFrom('log_entry')
    .where('id', 'in', ids.limit(rowsPerRemoval))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** The file keeps its size: what was removed makes room for what comes. */
async function readUsedBytes(kysely: Kysely<LogDatabase>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
  return rows[0]?.bytes ?? 0;
}
