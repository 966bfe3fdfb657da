import type { LogEntry } from '../../../core/log-entry.ts';
import { classifyLine, maxLineCharacters } from '../../../core/log-line.ts';
import {
  createRedactor,
  type NamedSecret,
  noRedactor,
  type Redactor,
  redactLongLine,
} from '../../../core/redaction.ts';
import type { LogOutput } from '../../../ports/log-store.ts';
import type { Statement } from '../../sqlite/messages.ts';
import { type Block, type BlockEntry, fillBlocks, printEntry } from './block.ts';
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
    if ('output' in item) readOutput(item, (entry) => add(printEntry(entry)));
    else for (const line of item.lines.split('\n')) add(line);
  }
  for (const { close } of filling.values()) close();
  return blocks.flatMap(insertBlock);
}

function readOutput(
  { output, timestamp, secrets }: LogOutput,
  add: (entry: BlockEntry) => void,
): void {
  const redactor = redactorOf(secrets);
  for (const line of output.split('\n')) {
    const { type, severity, details, json } = classifyLine(
      redactLongLine(line, maxLineCharacters, redactor),
    );
    const clean = redactor.json(details) as LogEntry['details'];
    if (type === 'APPLICATION_TEXT')
      add({ timestamp, severity, details: JSON.stringify(clean['message']) });
    else if (clean === details && json !== undefined) add({ timestamp, severity, details: json });
    else add({ timestamp, severity, details: JSON.stringify(clean) });
  }
}

/** Making one is dear, and each application comes again and again with the same secrets. */
const redactors = new Map<string, Redactor>();
const keptRedactors = 64;

function redactorOf(secrets: readonly NamedSecret[]): Redactor {
  if (secrets.length === 0) return noRedactor;
  const key = JSON.stringify(secrets);
  const redactor = redactors.get(key) ?? createRedactor(secrets);
  redactors.delete(key);
  redactors.set(key, redactor);
  const [oldest] = redactors.keys();
  if (redactors.size > keptRedactors && oldest !== undefined) redactors.delete(oldest);
  return redactor;
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
