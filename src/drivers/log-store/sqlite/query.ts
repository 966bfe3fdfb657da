import { type Kysely, type Selectable, sql } from 'kysely';
import { LogCursorFailure } from '../../../core/failure.ts';
import type { LogEntry } from '../../../core/log-entry.ts';
import type { LogPage, LogQuery } from '../../../ports/log-store.ts';
import { type LogPosition, parseCursor, printCursor } from './cursor.ts';
import type { LogDatabase } from './schema.ts';

const largestPage = 1000;

export async function queryLogs(kysely: Kysely<LogDatabase>, query: LogQuery): Promise<LogPage> {
  const limit = Math.min(query.limit, largestPage);
  // One more than asked for tells whether there is a next page.
  const rows = await selectRows(kysely, { ...query, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const entries = page.map(toEntry);
  const last = page.at(-1);
  if (last === undefined || rows.length <= limit) return { entries };
  return { entries, next: printCursor(last) };
}

type Row = Selectable<LogDatabase['log_entry']>;

function selectRows(kysely: Kysely<LogDatabase>, query: LogQuery): Promise<Row[]> {
  const { deploymentId, applicationName, from, to, after, limit } = query;
  const position = after === undefined ? undefined : readPosition(after);
  let select = kysely
    .selectFrom('log_entry')
    .selectAll()
    .where('deployment_id', '=', deploymentId)
    .where('timestamp', '>=', Math.max(from, position?.timestamp ?? from))
    .where('timestamp', '<=', to)
    .orderBy('timestamp')
    .orderBy('id')
    .limit(limit);
  if (applicationName !== undefined) select = select.where(isOf(applicationName));
  if (position !== undefined) select = select.where(isAfter(position));
  return select.execute();
}

/** Without `unlikely` SQLite would read through everything of the deployment. */
function isOf(applicationName: string) {
  return sql<boolean>`unlikely(application_name = ${applicationName})`;
}

function isAfter({ timestamp, id }: LogPosition) {
  return sql<boolean>`(timestamp, id) > (${timestamp}, ${id})`;
}

function readPosition(cursor: string): LogPosition {
  const position = parseCursor(cursor);
  if (position === undefined)
    throw new LogCursorFailure('The page token was not given by this log store.', {
      nextStep: 'Ask for the first page without one, then use the value of `next`.',
    });
  return position;
}

export function toEntry(row: Row): LogEntry {
  return {
    type: row.type,
    deploymentId: row.deployment_id,
    applicationName: row.application_name,
    severity: row.severity,
    timestamp: row.timestamp,
    details: JSON.parse(row.details) as LogEntry['details'],
  };
}
