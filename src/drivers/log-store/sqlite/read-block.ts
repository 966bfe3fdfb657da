import type { LogEntry, Severity } from '../../../core/log-entry.ts';
import { classifyLine } from '../../../core/log-line.ts';
import { type Block, entryFacts, entryTime, outputMark, readOutputHead } from './block.ts';

/** Which entries of a block somebody wants. */
export interface WantedEntries {
  /** By what is known of an entry before it is read, which is nearly all of the cost. */
  isWanted(timestamp: number, position: number): boolean;
  /** Any of them; all if undefined. */
  readonly severities: ReadonlySet<string> | undefined;
}

export interface PlacedEntry {
  readonly entry: LogEntry;
  readonly position: number;
}

type Origin = Pick<Block, 'deploymentId' | 'applicationName'>;

/** In the order of their positions. `id` is that of the first. Undefined where it has not as many entries as it should. */
export function readBlock(
  block: Origin & { readonly id: number; readonly count: number; readonly entries: string },
  wanted: WantedEntries,
): readonly PlacedEntry[] | undefined {
  const { entries } = block;
  const found: PlacedEntry[] = [];
  let position = block.id;
  let output = { timestamp: 0, end: 0 };
  // The last line may be an empty one of output.
  for (let from = 0; from <= entries.length; ) {
    const end = entries.indexOf('\n', from);
    const to = end < 0 ? entries.length : end;
    const isOutput = position < output.end;
    if (!isOutput && entries.startsWith(outputMark, from)) {
      const { timestamp, count } = readOutputHead(entries.slice(from, to));
      output = { timestamp, end: position + count };
    } else {
      const timestamp = isOutput ? output.timestamp : entryTime(entries, from);
      if (wanted.isWanted(timestamp, position)) {
        const line = entries.slice(from, to);
        const entry = isOutput
          ? readOutput(block, line, timestamp, wanted.severities)
          : readEntry(block, line, wanted.severities);
        if (entry !== undefined) found.push({ entry, position });
      }
      position += 1;
    }
    from = to + 1;
  }
  return position === block.id + block.count ? found : undefined;
}

function readOutput(
  { deploymentId, applicationName }: Origin,
  line: string,
  timestamp: number,
  wanted: WantedEntries['severities'],
): LogEntry | undefined {
  const { type, severity, details } = classifyLine(line);
  if (wanted?.has(severity) === false) return undefined;
  return { type, deploymentId, applicationName, severity, timestamp, details };
}

type Printed = readonly [number, Severity, string | LogEntry['details'], LogEntry['type']?];

function readEntry(
  { deploymentId, applicationName }: Origin,
  line: string,
  wanted: WantedEntries['severities'],
): LogEntry | undefined {
  if (wanted?.has(entryFacts(line).severity) === false) return undefined;
  const [timestamp, severity, said, type] = JSON.parse(line) as Printed;
  const isText = typeof said === 'string';
  return {
    type: type ?? (isText ? 'APPLICATION_TEXT' : 'APPLICATION_JSON'),
    deploymentId,
    applicationName,
    severity,
    timestamp,
    details: isText ? { message: said } : said,
  };
}
