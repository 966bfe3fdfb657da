import { type LogEntry, type Severity, severities } from '../../../core/log-entry.ts';

/** What one block holds at most: who wants a page must read whole blocks. Longer texts cost a thread of JavaScript several times as much. */
export const blockLimits = { entries: 500, characters: 96 * 1024, spanMs: 10_000 };

export interface Block {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly firstAt: number;
  readonly lastAt: number;
  /** A bit for each severity that may be in it. */
  readonly severities: number;
  readonly count: number;
  /** Texts, to have a line feed between each two of them. To make one of them is to copy all. */
  readonly entries: readonly string[];
}

/** Of a block: an entry that was read already, or output that is read when somebody asks for it. */
export interface Part {
  readonly timestamp: number;
  readonly severities: number;
  /** How many entries. */
  readonly count: number;
  /** The line before them, of output. */
  readonly head?: string;
  readonly text: string;
}

/** An entry, but for whose it is: its time, its severity and the JSON of its details. Text is a message and nothing else. */
export interface BlockEntry {
  readonly timestamp: number;
  readonly severity: Severity;
  /** JSON: a string is text, an object without a type is what an application has printed as such. */
  readonly details: string;
  readonly type?: LogEntry['type'];
}

/** A line, as it stands in a block. */
export function printEntry({ timestamp, severity, details, type }: BlockEntry): string {
  const head = `[${Math.floor(timestamp)},"${severity}",${details}`;
  return type === undefined ? `${head}]` : `${head},"${type}"]`;
}

export function entryPart(entry: BlockEntry): Part {
  const timestamp = Math.floor(entry.timestamp);
  return { timestamp, severities: bitOf(entry.severity), count: 1, text: printEntry(entry) };
}

/** Of an entry that is printed already. */
export function printedPart(line: string): Part {
  const { timestamp, severity } = entryFacts(line);
  return { timestamp, severities: bitOf(severity), count: 1, text: line };
}

/** An entry begins with its time and its severity. */
export function entryFacts(line: string): {
  readonly timestamp: number;
  readonly severity: string;
} {
  const comma = line.indexOf(',');
  const severity = line.slice(comma + 2, line.indexOf('"', comma + 2));
  return { timestamp: entryTime(line, 0), severity };
}

export function entryTime(entries: string, from: number): number {
  return Number(entries.slice(from + 1, entries.indexOf(',', from)));
}

/** No entry begins like the line before output, which says when it came and how many lines it has. */
export const outputMark = '@';

export function outputPart(output: {
  readonly timestamp: number;
  readonly severities: Iterable<Severity>;
  readonly count: number;
  readonly lines: string;
}): Part {
  const { count, lines } = output;
  const timestamp = Math.floor(output.timestamp);
  const head = `${outputMark}${timestamp},${count}`;
  return { timestamp, severities: bitsOf(output.severities), count, head, text: lines };
}

export function readOutputHead(line: string): {
  readonly timestamp: number;
  readonly count: number;
} {
  const [timestamp, count] = line.slice(outputMark.length).split(',');
  return { timestamp: Number(timestamp), count: Number(count) };
}

export function bitsOf(wanted: Iterable<Severity>): number {
  let all = 0;
  for (const severity of wanted) all |= bitOf(severity);
  return all;
}

const bits = new Map<string, number>(
  severities.map((severity, position) => [severity, 1 << position]),
);

function bitOf(severity: string): number {
  return bits.get(severity) ?? 0;
}
