import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { LogStore } from '../../../ports/log-store.ts';
import type { SqliteDatabase } from '../../sqlite/open-sqlite.ts';
import type { LogDatabase } from './schema.ts';

type Rule = Parameters<LogStore['prune']>[0];

/** Few enough that an append never waits long behind one removal. */
const rowsPerRemoval = 2000;
/** The deployment of a row that only keeps its id. */
const nobody = '';

export async function pruneLogs(
  database: SqliteDatabase<LogDatabase>,
  rule: Rule,
  maxBytes: number,
): Promise<void> {
  const { kysely } = database;
  const ids = kysely.selectFrom('log_entry').select('id').where('deployment_id', '!=', nobody);
  await removeAll(database, ids.where('timestamp', '<', rule.before));
  for (const deployment of rule.deployments ?? [])
    await removeAll(database, ids.where('deployment_id', '=', deployment));
  while ((await readUsedBytes(kysely)) > maxBytes) {
    if ((await removeSome(database, ids.orderBy('timestamp'))) === 0) break;
  }
}

type Ids = SelectQueryBuilder<LogDatabase, 'log_entry', { id: number }>;

async function removeAll(database: SqliteDatabase<LogDatabase>, ids: Ids): Promise<void> {
  while ((await removeSome(database, ids)) === rowsPerRemoval);
}

async function removeSome(database: SqliteDatabase<LogDatabase>, ids: Ids): Promise<number> {
  const { kysely } = database;
  const some = ids.limit(rowsPerRemoval);
  const [, , removed] = await database.runBatch([
    keepNewestId(some).compile(kysely),
    kysely
      .deleteFrom('log_entry')
      .where('deployment_id', '=', nobody)
      .where('id', '<', sql<number>`(SELECT max(id) FROM log_entry)`)
      .compile(),
    kysely.deleteFrom('log_entry').where('id', 'in', some).compile(),
  ]);
  return removed.changes;
}

/** SQLite gives the highest id again once its row is gone: whoever follows from there would miss the new one. */
function keepNewestId(removed: Ids) {
  return sql`
    INSERT INTO log_entry (deployment_id, application_name, timestamp, type, severity, details)
    SELECT ${nobody}, '', 0, 'APPLICATION_TEXT', 'DEFAULT', '{}'
    WHERE (SELECT max(id) FROM log_entry) IN (${removed})`;
}

/** The file keeps its size: what was removed makes room for what comes. */
async function readUsedBytes(kysely: Kysely<LogDatabase>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(kysely);
  return rows[0]?.bytes ?? 0;
}
