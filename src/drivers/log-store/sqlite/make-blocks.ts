import type { LogOutput } from '../../../ports/log-store.ts';
import type { MadeStatements, Statement } from '../../sqlite/messages.ts';
import { type Block, printedPart } from './block.ts';
import { blockFolder, type PlacedBlock, placeBlocks } from './block-files.ts';
import { fillBlocks } from './fill-blocks.ts';
import { partsOf } from './make-parts.ts';
import type { PackedEntries, packLogs } from './pack.ts';

/** Runs in the thread of the database. Blocks begin in the order in which their applications are first named. */
export function makeStatements(input: unknown, databaseFile: string): MadeStatements {
  const blocks: Block[] = [];
  const filling = new Map<string, ReturnType<typeof fillBlocks>>();
  const of = ({ deploymentId, applicationName }: PackedEntries | LogOutput) => {
    const key = `${deploymentId}/${applicationName}`;
    const known = filling.get(key);
    const one = known ?? fillBlocks({ deploymentId, applicationName }, (full) => blocks.push(full));
    if (known === undefined) filling.set(key, one);
    return one;
  };
  for (const item of input as ReturnType<typeof packLogs>) {
    const { add } = of(item);
    if ('output' in item) for (const part of partsOf(item)) add(part);
    else for (const line of item.lines.split('\n')) add(printedPart(line));
  }
  for (const { close } of filling.values()) close();
  const { blocks: placed, undo } = placeBlocks(blockFolder(databaseFile), blocks);
  return { statements: placed.flatMap(insertBlock), undo };
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
          ? [entries, null, null, null]
          : ['', place.file, place.from, place.bytes]),
      ],
      affects: 1,
    },
    { sql: count, parameters: [block.count - 1], affects: 1 },
  ];
}
