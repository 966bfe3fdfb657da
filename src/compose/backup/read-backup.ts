import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { Failure } from '../../core/failure.ts';
import type { SnapshotRow } from '../../ports/snapshot.ts';
import {
  damaged,
  type Header,
  isLastLine,
  isTableEnd,
  isTableLine,
  type LastLine,
  longestLine,
  type Manifest,
  noBackup,
  parseHeader,
  type TableLine,
} from './format.ts';
import type { Progress } from './progress.ts';

/** What is done with a backup as it is read. It has not been seen whole when this is called: undo it on failure. */
export interface BackupReader {
  header(header: Header): Promise<void>;
  table(table: TableLine): Promise<(rows: readonly SnapshotRow[]) => Promise<void>>;
}

const rowsAtOnce = 1000;
const charactersAtOnce = 4 * 1024 * 1024;

/** @throws Failure where it is no backup, is cut off, or was altered, whatever the alteration */
export async function readBackup(
  file: string,
  reader: BackupReader,
  progress: Progress,
): Promise<Manifest> {
  const lines = readLines(file);
  const seen = createHash('sha256');
  const next = async (): Promise<Line | undefined> => {
    const { value } = await lines.next();
    return value === undefined ? undefined : parseLine(value, file);
  };
  const first = await next();
  const header = parseHeader(first?.value, file);
  seen.update(first?.text ?? '');
  await reader.header(header);
  const tables: LastLine['tables'][number][] = [];
  for (;;) {
    const line = await next();
    if (line === undefined) throw damaged(file, 'its end is missing');
    if (isLastLine(line.value)) {
      const { tables: listed, sha256 } = line.value;
      const isWhole =
        sha256 === seen.digest('hex') && JSON.stringify(listed) === JSON.stringify(tables);
      if (!isWhole) throw damaged(file, 'its checksum differs');
      if ((await next()) !== undefined) throw damaged(file, 'something follows its end');
      return { ...header, tables, sha256 };
    }
    if (!isTableLine(line.value)) throw damaged(file, 'a table was expected');
    seen.update(line.text);
    tables.push(await readTable({ file, next, seen, reader, progress }, line.value));
  }
}

interface Line {
  readonly text: string;
  readonly value: unknown;
}

async function readTable(
  source: {
    readonly file: string;
    readonly next: () => Promise<Line | undefined>;
    readonly seen: Hash;
    readonly reader: BackupReader;
    readonly progress: Progress;
  },
  line: TableLine,
): Promise<LastLine['tables'][number]> {
  const { file, next, seen, reader, progress } = source;
  const { part, table, columns } = line;
  const take = await reader.table(line);
  const digest = createHash('sha256');
  let count = 0;
  let rows: SnapshotRow[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    await take(rows);
    progress(`${part}, ${table}`, count);
    rows = [];
    characters = 0;
  };
  for (;;) {
    const found = await next();
    if (found === undefined) throw damaged(file, 'its end is missing');
    seen.update(found.text);
    if (isRow(found.value, columns.length)) {
      digest.update(found.text);
      rows.push(found.value);
      count++;
      characters += found.text.length;
      if (rows.length >= rowsAtOnce || characters >= charactersAtOnce) await flush();
      continue;
    }
    if (!isTableEnd(found.value)) throw damaged(file, `a row of ${table} is none`);
    const end = { rows: count, sha256: digest.digest('hex') };
    if (found.value.rows !== end.rows || found.value.sha256 !== end.sha256)
      throw damaged(file, `the rows of ${table} are not those that were written`);
    await flush();
    return { part, table, ...end };
  }
}

function isRow(value: unknown, columns: number): value is SnapshotRow {
  return (
    Array.isArray(value) &&
    value.length === columns &&
    value.every((one) => one === null || typeof one === 'string' || typeof one === 'number')
  );
}

function parseLine(text: string, file: string): Line {
  try {
    return { text: `${text}\n`, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw damaged(file, 'a line is no JSON', error);
  }
}

/** Like `readline`, but bounded: a small file can stand for a line without end. */
async function* readLines(file: string): AsyncGenerator<string, undefined> {
  const decoder = new StringDecoder('utf8');
  const input = createReadStream(file);
  const unzipped = createGunzip();
  input.on('error', (error) => unzipped.destroy(error));
  let rest = '';
  try {
    for await (const chunk of input.pipe(unzipped)) {
      const text = decoder.write(chunk as Buffer);
      const lines = text.includes('\n') ? (rest + text).split('\n') : [rest + text];
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) throw damaged(file, 'a line is too long');
      yield* lines;
    }
  } catch (error) {
    throw error instanceof Failure ? error : explainUnreadable(error, file);
  } finally {
    input.destroy();
    unzipped.destroy();
  }
  if (rest !== '') throw damaged(file, 'its end is missing');
  return undefined;
}

function explainUnreadable(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_DATA_ERROR') {
    return error instanceof Error && /header check/.test(error.message)
      ? noBackup(file, error)
      : damaged(file, 'it cannot be unpacked', error);
  }
  if (code === 'Z_BUF_ERROR') return damaged(file, 'its end is missing', error);
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
    return new Failure(`The backup ${file} cannot be read: ${code}.`, { cause: error });
  return error;
}
