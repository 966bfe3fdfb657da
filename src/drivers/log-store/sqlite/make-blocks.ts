import type { LogOutput } from '../../../ports/log-store.ts';
import type { Statement } from '../../sqlite/messages.ts';
import { type Block, printedPart } from './block.ts';
import { fillBlocks } from './fill-blocks.ts';
import { partsOf } from './make-parts.ts';
import type { PackedEntries, packLogs } from './pack.ts';

/** Runs in the thread of the database. Blocks begin in the order in which their applications are first named. */
export function makeStatements(input: unknown): readonly Statement[] {
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
  return blocks.flatMap(insertBlock);
}

const insert = `
  INSERT INTO log_block (deployment_id, application_name, first_at, last_at, severities, entry_count, entries)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
/** Each entry has a position, not only the first. */
const count = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'log_block'";

function insertBlock(block: Block): readonly Statement[] {
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
        entries,
      ],
      affects: 1,
    },
    { sql: count, parameters: [block.count - 1], affects: 1 },
  ];
}
