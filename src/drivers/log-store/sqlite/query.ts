import { type Kysely, sql } from 'kysely';
import { LogCursorFailure } from '../../../core/failure.ts';
import type { LogPage, LogQuery } from '../../../ports/log-store.ts';
import { bitsOf, blockLimits } from './block.ts';
import { type LogPosition, parseCursor, printCursor } from './cursor.ts';
import type { PlacedEntry, WantedEntries } from './read-block.ts';
import { type FoundBlock, readBlocks, type StoredBlocks } from './read-blocks.ts';
import type { LogDatabase } from './schema.ts';

const largestPage = 1000;
/** Found by the index alone. */
const blocksPerLook = 500;

export async function queryLogs(stored: StoredBlocks, query: LogQuery): Promise<LogPage> {
  const limit = Math.min(query.limit, largestPage);
  const after = query.after === undefined ? undefined : readPosition(query.after);
  // One more than asked for tells whether there is a next page.
  const found = await collectEntries(stored, { ...query, limit: limit + 1 }, after);
  const page = found.slice(0, limit);
  const entries = page.map(({ entry }) => entry);
  const last = page.at(-1);
  if (last === undefined || found.length <= limit) return { entries };
  return { entries, next: printCursor({ timestamp: last.entry.timestamp, id: last.position }) };
}

/**
 * Blocks come by the time of their earliest entry, and those of one moment may lie in several: an entry is sure to be the next one
 * when it is earlier than all that was not read.
 */
async function collectEntries(
  stored: StoredBlocks,
  query: LogQuery,
  after: LogPosition | undefined,
): Promise<readonly PlacedEntry[]> {
  const wanted = wantedBy(query, after);
  let sure: PlacedEntry[] = [];
  let open: PlacedEntry[] = [];
  let behind: FoundBlock | undefined;
  do {
    const found = await findBlocks(stored.kysely, query, after, behind);
    behind = found.length === blocksPerLook ? found.at(-1) : undefined;
    for (const [from, to] of readingsOf(found, query.limit)) {
      const read = await readBlocks(stored, found.slice(from, to), wanted);
      open = [...open, ...read].toSorted(byTime);
      const unreadFrom = (found[to] ?? behind)?.firstAt ?? Number.POSITIVE_INFINITY;
      const count = open.findIndex(({ entry }) => entry.timestamp >= unreadFrom);
      const certain = count < 0 ? open.length : count;
      sure = [...sure, ...open.slice(0, certain)];
      open = open.slice(certain);
      if (sure.length >= query.limit) return sure.slice(0, query.limit);
    }
  } while (behind !== undefined);
  return [...sure, ...open].slice(0, query.limit);
}

/** From and to of as many blocks as are read at once: a page needs few entries, and a block may hold many. */
function readingsOf(
  found: readonly FoundBlock[],
  entriesPerRead: number,
): readonly (readonly [number, number])[] {
  const readings: (readonly [number, number])[] = [];
  let from = 0;
  let entries = 0;
  for (const [position, { count }] of found.entries()) {
    entries += count;
    if (entries < entriesPerRead && position + 1 < found.length) continue;
    readings.push([from, position + 1]);
    from = position + 1;
    entries = 0;
  }
  return readings;
}

async function findBlocks(
  kysely: Kysely<LogDatabase>,
  { deploymentId, applicationName, severities, from, to }: LogQuery,
  after: LogPosition | undefined,
  behind: FoundBlock | undefined,
): Promise<readonly FoundBlock[]> {
  const earliest = Math.max(from, after?.timestamp ?? from);
  const bits = severities === undefined ? undefined : bitsOf(severities);
  const wanted = [
    applicationName === undefined ? sql`` : sql`AND application_name = ${applicationName}`,
    bits === undefined ? sql`` : sql`AND severities & ${bits} != 0`,
    behind === undefined ? sql`` : sql`AND (first_at, id) > (${behind.firstAt}, ${behind.id})`,
  ];
  const { rows } = await sql<FoundBlock>`
    SELECT id, first_at AS firstAt, entry_count AS count FROM log_block INDEXED BY ${sql.raw(indexFor(applicationName, bits))}
    WHERE deployment_id = ${deploymentId} AND first_at BETWEEN ${earliest - blockLimits.spanMs} AND ${to}
      AND last_at >= ${earliest} ${severe(bits)} ${sql.join(wanted, sql` `)}
    ORDER BY first_at, id LIMIT ${blocksPerLook}`.execute(kysely);
  return rows;
}

/** What is rarer is asked first. */
function indexFor(applicationName: string | undefined, bits: number | undefined): string {
  if (isSevere(bits)) return 'log_block_severe';
  return applicationName === undefined ? 'log_block_time' : 'log_block_application';
}

/** Blocks with a warning or worse have an index of their own: among very many others they are few. */
function isSevere(bits: number | undefined): boolean {
  return bits !== undefined && bits % 16 === 0;
}

function severe(bits: number | undefined) {
  return isSevere(bits) ? sql`AND severities >= 16` : sql``;
}

function wantedBy(
  { severities, from, to }: LogQuery,
  after: LogPosition | undefined,
): WantedEntries {
  return {
    isWanted: (timestamp, position) =>
      timestamp >= from &&
      timestamp <= to &&
      (after === undefined || isAfter(timestamp, position, after)),
    severities: severities && new Set(severities),
  };
}

function isAfter(timestamp: number, position: number, after: LogPosition): boolean {
  return timestamp > after.timestamp || (timestamp === after.timestamp && position > after.id);
}

function byTime(one: PlacedEntry, other: PlacedEntry): number {
  return one.entry.timestamp - other.entry.timestamp || one.position - other.position;
}

function readPosition(cursor: string): LogPosition {
  const position = parseCursor(cursor);
  if (position === undefined)
    throw new LogCursorFailure('The page token was not given by this log store.', {
      nextStep: 'Ask for the first page without one, then use the value of `next`.',
    });
  return position;
}
