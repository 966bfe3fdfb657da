import { type LogEntry, type Severity, severities } from './log-entry.ts';

/** One line of an application's output, as the API shows it (contract §5.6). */
export interface ClassifiedLine extends Pick<LogEntry, 'severity' | 'details'> {
  readonly type: 'APPLICATION_TEXT' | 'APPLICATION_JSON';
  /** The JSON that `details` were read from, where nothing had to be taken out: printing them again would cost as much as reading. */
  readonly json?: string;
}

/** Longer lines are cut here and end in `lineCutMark`. */
export const maxLineCharacters = 64 * 1024;
export const lineCutMark = '… (line cut)';

/** Deeper objects are kept as text: whoever prints or stores them may go one call deeper for each level. */
const maxDepth = 100;

export function classifyLine(text: string): ClassifiedLine {
  const line = cut(stripAnsi(text).trimEnd());
  const object = line.startsWith('{') ? parseObject(line) : undefined;
  return object === undefined
    ? {
        type: 'APPLICATION_TEXT',
        severity: severityOfPrefix(line) ?? 'DEFAULT',
        details: { message: line },
      }
    : {
        type: 'APPLICATION_JSON',
        severity: severityOf(object) ?? 'DEFAULT',
        details: object,
        ...(mayHoldProto(line) ? {} : { json: line }),
      };
}

export function isSeverity(value: unknown): value is Severity {
  return severities.some((severity) => severity === value);
}

/** Control sequences, links and titles, short escapes. Each alternative stops at the next ESC: linear time. */
const ansi =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]+[0-~]|[0-Z\\^-~])|\u009B[0-?]*[ -/]*[@-~]/g;

function stripAnsi(text: string): string {
  return mayHoldAnsi(text) ? text.replace(ansi, '') : text;
}

export function mayHoldAnsi(text: string): boolean {
  return text.includes('\u001B') || text.includes('\u009B');
}

function cut(line: string): string {
  if (line.length <= maxLineCharacters) return line;
  return line.slice(0, maxLineCharacters).toWellFormed() + lineCutMark;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(line: string): JsonObject | undefined {
  try {
    const object: JsonObject = JSON.parse(line, mayHoldProto(line) ? withoutProto : undefined);
    return isDeeper(object, maxDepth) ? undefined : object;
  } catch {
    // Begins like JSON and is something else: text then.
    return undefined;
  }
}

/** Escapes can spell it too. Reading every line through a reviver would cost several times as much. */
function mayHoldProto(line: string): boolean {
  return line.includes('__proto__') || line.includes('\\u');
}

/** A key of this name is harmless here, but becomes a prototype where somebody copies the details by assignment. */
function withoutProto(this: unknown, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const item of Object.values(value)) if (isDeeper(item, levels - 1)) return true;
  return false;
}

function severityOf(object: JsonObject): Severity | undefined {
  return severityOfLevel(own(object, 'severity')) ?? severityOfLevel(own(object, 'level'));
}

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Of a `severity` or `level` in JSON. */
export function severityOfLevel(level: unknown): Severity | undefined {
  if (typeof level === 'string') return severityNames.get(level.trim().toLowerCase());
  return typeof level === 'number' ? severityOfNumber(level) : undefined;
}

/** pino's scale, with room for levels of one's own in between. */
function severityOfNumber(level: number): Severity | undefined {
  if (level < 10 || level >= 70) return undefined;
  if (level < 30) return 'DEBUG';
  if (level < 40) return 'INFO';
  if (level < 50) return 'WARNING';
  return level < 60 ? 'ERROR' : 'CRITICAL';
}

/** `info: …`, as the commercetools logger and winston's simple format print it. Upper case is somebody's own text. */
export function severityOfPrefix(line: string): Severity | undefined {
  const prefix = /^([a-z]{3,9}): /.exec(line)?.[1];
  return prefix === undefined ? undefined : severityNames.get(prefix);
}

/** The words of Google, syslog, pino, winston and npm. */
const severityNames: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ...severities.map((severity) => [severity.toLowerCase(), severity] as const),
  ['silly', 'DEBUG'],
  ['trace', 'DEBUG'],
  ['verbose', 'DEBUG'],
  ['http', 'INFO'],
  ['information', 'INFO'],
  ['warn', 'WARNING'],
  ['err', 'ERROR'],
  ['crit', 'CRITICAL'],
  ['fatal', 'CRITICAL'],
  ['emerg', 'EMERGENCY'],
  ['panic', 'EMERGENCY'],
]);
