import type { LogOutput } from '../../../ports/log-store.ts';
import type { MadeStatements, Statement } from '../../sqlite/messages.ts';
import { type Block, type Part, printedPart } from './block.ts';
import { blockFolder, type PlacedBlock, placeBlocks } from './block-files.ts';
import { fillBlocks } from './fill-blocks.ts';
import { partsOf } from './make-parts.ts';
import type { PackedEntries, packLogs } from './pack.ts';

/** Runs in the thread of the database. Applications stand in the order in which they are first named, blocks of each together. */
export function makeStatements(input: unknown, databaseFile: string): MadeStatements {
  const applications = new Map<string, Filling>();
  const of = ({ deploymentId, applicationName }: PackedEntries | LogOutput): Filling => {
    const key = `${deploymentId}/${applicationName}`;
    const known = applications.get(key) ?? beginFilling({ deploymentId, applicationName });
    applications.set(key, known);
    return known;
  };
  for (const item of input as ReturnType<typeof packLogs>) {
    const { add } = of(item);
    if ('output' in item) for (const part of partsOf(item)) add(part);
    else for (const line of item.lines.split('\n')) add(printedPart(line));
  }
  const blocks = [...applications.values()].map(({ end }) => end());
  const placed = placeBlocks(blockFolder(databaseFile), blocks);
  return { statements: placed.blocks.flatMap(insertBlock), undo: placed.undo };
}

interface Filling {
  add(part: Part): void;
  end(): readonly Block[];
}

function beginFilling(origin: Pick<Block, 'deploymentId' | 'applicationName'>): Filling {
  const blocks: Block[] = [];
  const { add, close } = fillBlocks(origin, (full) => blocks.push(full));
  return {
    add,
    end() {
      close();
      return blocks;
    },
  };
}

const insert = `
  INSERT INTO log_block (
    deployment_id, application_name, first_at, last_at, severities, entry_count, entries, file, file_from, file_bytes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** Each entry has a position, not only the first. */
const count = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'log_block'";

function insertBlock({ block, place }: PlacedBlock): readonly Statement[] {
  const { deploymentId, applicationName, firstAt, lastAt, severities, entries } = block;
  return [
    {
      sql: insert,
      parameters: [
        deploymentId,
        applicationName,
        firstAt,
        lastAt,
        severities,
        block.count,
        ...(place === undefined
          ? [entries.join('\n'), null, null, null]
          : ['', place.file, place.from, place.bytes]),
      ],
      affects: 1,
    },
    { sql: count, parameters: [block.count - 1], affects: 1 },
  ];
}
