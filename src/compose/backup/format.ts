import { Failure } from '../../core/failure.ts';
import type { SchemaChange } from '../../core/schema-history.ts';

/**
 * A backup is one gzip stream of lines of JSON: a header, then for each part its tables, each with its rows (arrays) and how
 * many they were, and a last line that seals it. There are no paths in it, so none can lead anywhere.
 */
export const partNames = ['store', 'events', 'logs'] as const;
export type PartName = (typeof partNames)[number];

export interface Header {
  readonly format: 'berth-backup';
  readonly formatVersion: 1;
  /** Version of Berth that made it. */
  readonly berth: string;
  /** When it was begun: what was acknowledged before is in it, but for logs that were forgotten while it was made. ISO 8601. */
  readonly createdAt: string;
  /** Names the key that opens the secrets in it; null where there was none yet. */
  readonly keyId: string | null;
  readonly parts: Readonly<Record<PartName, { readonly schema: readonly SchemaChange[] }>>;
}

export interface TableLine {
  readonly part: PartName;
  readonly table: string;
  readonly columns: readonly string[];
}

/** Behind the rows of a table. */
export interface TableEnd {
  readonly rows: number;
  /** Of the rows' lines. */
  readonly sha256: string;
}

/** Without it the backup is cut off. */
export interface LastLine {
  readonly end: true;
  readonly tables: readonly (Pick<TableLine, 'part' | 'table'> & TableEnd)[];
  /** Of all lines before. */
  readonly sha256: string;
}

export type Manifest = Header & Pick<LastLine, 'tables' | 'sha256'>;

/** An event has at most 10 MiB; a row more than this was made by nobody. */
export const longestLine = 64 * 1024 * 1024;

export function parseHeader(line: unknown, file: string): Header {
  const header = recordOf(line);
  if (header['format'] !== 'berth-backup') throw noBackup(file);
  if (header['formatVersion'] !== 1) {
    throw new Failure(`${file} was made by a newer version of Berth, in another form.`, {
      nextStep: 'Use the version that made it, or a newer one.',
    });
  }
  const parts = recordOf(header['parts']);
  const schemas = partNames.map((name) => recordOf(parts[name])['schema']);
  const keyId = header['keyId'];
  if (!schemas.every(isSchema) || (keyId !== null && typeof keyId !== 'string'))
    throw noBackup(file);
  return line as Header;
}

export function isTableLine(line: unknown): line is TableLine {
  const { part, table, columns } = recordOf(line);
  const isPart = partNames.some((name) => name === part);
  return isPart && typeof table === 'string' && isListOfTexts(columns);
}

export function isTableEnd(line: unknown): line is TableEnd {
  const { rows, sha256 } = recordOf(line);
  return typeof rows === 'number' && typeof sha256 === 'string';
}

export function isLastLine(line: unknown): line is LastLine {
  const { end, tables, sha256 } = recordOf(line);
  return end === true && Array.isArray(tables) && typeof sha256 === 'string';
}

export function noBackup(file: string, cause?: unknown): Failure {
  return new Failure(`${file} is no backup of Berth.`, {
    nextStep: 'Take a file that `berth backup` has made.',
    cause,
  });
}

export function damaged(file: string, how: string, cause?: unknown): Failure {
  return new Failure(`The backup ${file} is damaged: ${how}.`, {
    nextStep: 'Nothing of it was restored. Take another copy of it, or an older backup.',
    cause,
  });
}

function isSchema(value: unknown): value is readonly SchemaChange[] {
  return (
    Array.isArray(value) &&
    value.every((one: unknown) => {
      const { number, name, checksum } = recordOf(one);
      return typeof number === 'number' && typeof name === 'string' && typeof checksum === 'string';
    })
  );
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
