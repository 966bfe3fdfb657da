import { type Kysely, type Selectable, sql } from 'kysely';
import { LogCursorFailure } from '../../../core/failure.ts';
import type { LogArrivals, LogFollowQuery, LogStore } from '../../../ports/log-store.ts';
import { toEntry } from './query.ts';
import type { LogDatabase } from './schema.ts';

/** Of a deployment, wanted or not: so that a query that wants little costs no more than one that wants all. */
const rowsPerLook = 1000;

/** One writer at a time gives ids, and none is given again (`prune.ts`): their order is that of arrival, in every process. */
export async function followLogs(
  kysely: Kysely<LogDatabase>,
  query: LogFollowQuery,
): Promise<LogArrivals> {
  const after = parsePosition(query.after);
  const reach = await findReach(kysely, query.deploymentId, after);
  if (reach === undefined) return { arrivals: [], next: query.after, isMore: false };
  const rows = await selectRows(kysely, query, after, reach.last);
  const isFull = rows.length === query.limit;
  const last = isFull ? (rows.at(-1)?.id ?? reach.last) : reach.last;
  return {
    arrivals: rows.map((row) => ({ entry: toEntry(row), position: printPosition(row.id) })),
    next: printPosition(last),
    isMore: isFull || reach.isMore,
  };
}

export async function findPosition(
  kysely: Kysely<LogDatabase>,
  { deploymentId, from }: Parameters<LogStore['position']>[0],
): Promise<string> {
  const { rows } = await (from === undefined
    ? sql<{ id: number }>`SELECT coalesce(max(id), 0) AS id FROM log_entry`
    : sql<{ id: number }>`
        SELECT coalesce(
          (SELECT min(id) - 1 FROM log_entry WHERE deployment_id = ${deploymentId} AND timestamp >= ${from}),
          (SELECT max(id) FROM log_entry), 0) AS id`
  ).execute(kysely);
  return printPosition(rows[0]?.id ?? 0);
}

/** How far one look goes; undefined where nothing has come. Answered by the index alone. */
async function findReach(
  kysely: Kysely<LogDatabase>,
  deploymentId: string,
  after: number,
): Promise<{ readonly last: number; readonly isMore: boolean } | undefined> {
  const { rows } = await sql<{ last: number | null; count: number }>`
    SELECT max(id) AS last, count(*) AS count FROM (
      SELECT id FROM log_entry INDEXED BY log_entry_arrival
      WHERE deployment_id = ${deploymentId} AND id > ${after} ORDER BY id LIMIT ${rowsPerLook})`.execute(
    kysely,
  );
  const [found] = rows;
  if (found === undefined || found.last === null) return undefined;
  return { last: found.last, isMore: found.count === rowsPerLook };
}

async function selectRows(
  kysely: Kysely<LogDatabase>,
  { deploymentId, applicationName, severities, from, limit }: LogFollowQuery,
  after: number,
  last: number,
): Promise<readonly Selectable<LogDatabase['log_entry']>[]> {
  const wanted = [
    applicationName === undefined ? sql`` : sql`AND application_name = ${applicationName}`,
    severities === undefined ? sql`` : sql`AND severity IN (${sql.join(severities)})`,
    from === undefined ? sql`` : sql`AND timestamp >= ${from}`,
  ];
  const { rows } = await sql<Selectable<LogDatabase['log_entry']>>`
    SELECT * FROM log_entry INDEXED BY log_entry_arrival
    WHERE deployment_id = ${deploymentId} AND id > ${after} AND id <= ${last} ${sql.join(wanted, sql` `)}
    ORDER BY id LIMIT ${limit}`.execute(kysely);
  return rows;
}

function printPosition(id: number): string {
  return String(id);
}

function parsePosition(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new LogCursorFailure('The position was not given by this log store.', {
      nextStep: 'Begin without one.',
    });
  return Number(text);
}
