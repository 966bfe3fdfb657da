import { type Kysely, sql } from 'kysely';
import { LogCursorFailure } from '../../../core/failure.ts';
import type { LogArrivals, LogFollowQuery, LogStore } from '../../../ports/log-store.ts';
import { bitsOf, blockLimits } from './block.ts';
import type { WantedEntries } from './read-block.ts';
import { readBlocks, type StoredBlocks } from './read-blocks.ts';
import type { LogDatabase } from './schema.ts';

/** Of those a look passes, wanted or not. */
const blocksPerLook = 1000;

/** One writer at a time gives positions, and none is given again: their order is that of arrival, in every process. */
export async function followLogs(
  stored: StoredBlocks,
  query: LogFollowQuery,
): Promise<LogArrivals> {
  const after = parsePosition(query.after);
  const passed = await findPassed(stored.kysely, query.deploymentId, after);
  const { blocks, isWhole } = withinLook(passed, query);
  const wanted = await readBlocks(
    stored,
    blocks.filter(wantedBlock(query)),
    wantedEntries(query, after),
  );
  const arrivals = wanted.slice(0, query.limit);
  const last = blocks.at(-1);
  const isCut = arrivals.length < wanted.length || arrivals.length === query.limit;
  const end = last === undefined ? after : last.id + last.count - 1;
  const next = isCut ? (arrivals.at(-1)?.position ?? end) : end;
  return {
    arrivals: arrivals.map(({ entry, position }) => ({ entry, position: printPosition(position) })),
    next: printPosition(next),
    isMore: isCut || !isWhole,
    forgotten: query.deploymentId === undefined ? countForgotten(blocks, after, next) : 0,
  };
}

export async function findPosition(
  kysely: Kysely<LogDatabase>,
  { deploymentId, from }: Parameters<LogStore['position']>[0],
): Promise<string> {
  const first =
    from === undefined
      ? sql`NULL`
      : sql`(
          SELECT min(id) FROM log_block INDEXED BY log_block_time
          WHERE deployment_id = ${deploymentId} AND first_at >= ${from - blockLimits.spanMs} AND last_at >= ${from})`;
  const { rows } = await sql<{ id: number }>`
    SELECT coalesce(${first} - 1, (SELECT seq FROM sqlite_sequence WHERE name = 'log_block')) AS id`.execute(
    kysely,
  );
  return printPosition(rows[0]?.id ?? 0);
}

export function printPosition(id: number): string {
  return String(id);
}

export function parsePosition(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new LogCursorFailure('The position was not given by this log store.', {
      nextStep: 'Begin without one.',
    });
  return Number(text);
}

interface PassedBlock {
  readonly id: number;
  readonly count: number;
  readonly applicationName: string;
  readonly severities: number;
  readonly lastAt: number;
}

async function findPassed(
  kysely: Kysely<LogDatabase>,
  deploymentId: string | undefined,
  after: number,
): Promise<readonly PassedBlock[]> {
  const own =
    deploymentId === undefined
      ? sql`NOT INDEXED WHERE`
      : sql`INDEXED BY log_block_arrival WHERE deployment_id = ${deploymentId} AND`;
  const { rows } = await sql<PassedBlock>`
    SELECT id, entry_count AS count, application_name AS applicationName, severities, last_at AS lastAt
    FROM log_block ${own} id > ${after - blockLimits.entries} AND id + entry_count - 1 > ${after}
    ORDER BY id LIMIT ${blocksPerLook}`.execute(kysely);
  return rows;
}

/** As many of them as are read for so many entries, and whether there can be no more. */
function withinLook(
  passed: readonly PassedBlock[],
  query: LogFollowQuery,
): { readonly blocks: readonly PassedBlock[]; readonly isWhole: boolean } {
  const isWanted = wantedBlock(query);
  let entries = 0;
  const end = passed.findIndex((block) => {
    if (entries >= query.limit) return true;
    if (isWanted(block)) entries += block.count;
    return false;
  });
  if (end >= 0) return { blocks: passed.slice(0, end), isWhole: false };
  return { blocks: passed, isWhole: passed.length < blocksPerLook };
}

function wantedBlock({ applicationName, severities, from }: LogFollowQuery) {
  const bits = severities === undefined ? undefined : bitsOf(severities);
  return (block: PassedBlock): boolean =>
    (applicationName === undefined || block.applicationName === applicationName) &&
    (bits === undefined || (block.severities & bits) !== 0) &&
    (from === undefined || block.lastAt >= from);
}

function wantedEntries({ severities, from }: LogFollowQuery, after: number): WantedEntries {
  return {
    isWanted: (timestamp, position) =>
      position > after && (from === undefined || timestamp >= from),
    severities: severities && new Set(severities),
  };
}

/** Positions follow each other without a gap, so that a gap is what was removed. */
function countForgotten(blocks: readonly PassedBlock[], after: number, next: number): number {
  let position = after;
  let forgotten = 0;
  for (const { id, count } of blocks) {
    if (id > next) break;
    forgotten += Math.max(0, id - position - 1);
    position = Math.max(position, id + count - 1);
  }
  return forgotten;
}
