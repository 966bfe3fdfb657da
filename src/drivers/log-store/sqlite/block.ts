import { type LogEntry, type Severity, severities } from '../../../core/log-entry.ts';

/** What one block holds at most: who wants a page must read whole blocks. */
export const blockLimits = { entries: 500, characters: 256 * 1024, spanMs: 10_000 };

export interface Block {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly severities: number;
  readonly count: number;
  /** A JSON array for each entry, with a line feed between each two of them. */
  readonly entries: string;
}

/** An entry, but for whose it is: its time, its severity and the JSON of its details. Text is a message and nothing else. */
export interface BlockEntry {
  readonly timestamp: number;
  readonly severity: Severity;
  /** JSON: a string is text, an object without a type is what an application has printed as such. */
  readonly details: string;
  readonly type?: LogEntry['type'];
}

/** As it stands in a block. */
export function printEntry({ timestamp, severity, details, type }: BlockEntry): string {
  const head = `[${Math.floor(timestamp)},"${severity}",${details}`;
  return type === undefined ? `${head}]` : `${head},"${type}"]`;
}

/** Fills blocks of one application. `full` gets each as soon as nothing more fits. */
export function fillBlocks(
  origin: Pick<Block, 'deploymentId' | 'applicationName'>,
  full: (block: Block) => void,
) {
  let parts: string[] = [];
  let characters = 0;
  let firstAt = 0;
  let lastAt = 0;
  let bits = 0;
  const close = (): void => {
    if (parts.length === 0) return;
    full({
      ...{ ...origin, firstAt, lastAt, severities: bits },
      count: parts.length,
      entries: parts.join('\n'),
    });
    parts = [];
    characters = 0;
    bits = 0;
  };
  return {
    /** One that is printed. */
    add(line: string): void {
      const { timestamp, severity } = factsAt(line, 0);
      const [earliest, latest] =
        parts.length === 0
          ? [timestamp, timestamp]
          : [Math.min(firstAt, timestamp), Math.max(lastAt, timestamp)];
      const isFull =
        parts.length === blockLimits.entries ||
        characters + line.length > blockLimits.characters ||
        latest - earliest > blockLimits.spanMs;
      if (isFull) close();
      firstAt = parts.length === 0 ? timestamp : earliest;
      lastAt = parts.length === 0 ? timestamp : latest;
      bits |= bitOf(severity);
      characters += line.length;
      parts.push(line);
    },
    close,
  };
}

export function bitsOf(wanted: readonly Severity[]): number {
  return wanted.reduce((bits, severity) => bits | bitOf(severity), 0);
}

/** What can be told of an entry before it is read: reading is nearly all of its cost. */
export interface EntryFacts {
  readonly timestamp: number;
  readonly severity: string;
  readonly position: number;
}

export interface PlacedEntry {
  readonly entry: LogEntry;
  readonly position: number;
}

/** Those that are wanted, in the order of their positions. `id` is the position of the first. */
export function readBlock(
  block: Pick<Block, 'deploymentId' | 'applicationName' | 'entries'> & { readonly id: number },
  isWanted: (facts: EntryFacts) => boolean,
): readonly PlacedEntry[] {
  const { entries } = block;
  const wanted: PlacedEntry[] = [];
  let position = block.id;
  for (let from = 0; from < entries.length; position += 1) {
    const end = entries.indexOf('\n', from);
    const to = end < 0 ? entries.length : end;
    if (isWanted({ ...factsAt(entries, from), position }))
      wanted.push({ entry: readEntry(block, entries.slice(from, to)), position });
    from = to + 1;
  }
  return wanted;
}

/** An entry begins with its time and its severity. */
function factsAt(entries: string, from: number): Omit<EntryFacts, 'position'> {
  const comma = entries.indexOf(',', from);
  const severity = entries.slice(comma + 2, entries.indexOf('"', comma + 2));
  return { timestamp: Number(entries.slice(from + 1, comma)), severity };
}

type Printed = readonly [number, Severity, string | LogEntry['details'], LogEntry['type']?];

function readEntry(
  { deploymentId, applicationName }: Pick<Block, 'deploymentId' | 'applicationName'>,
  line: string,
): LogEntry {
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

const bits = new Map<string, number>(
  severities.map((severity, position) => [severity, 1 << position]),
);

function bitOf(severity: string): number {
  return bits.get(severity) ?? 0;
}
