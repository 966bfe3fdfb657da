import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { explainFullDisk, Failure } from '../../core/failure.ts';
import type { Snapshot, SnapshotRow } from '../../ports/snapshot.ts';
import { type Header, type LastLine, type Manifest, type PartName, partNames } from './format.ts';
import type { Progress } from './progress.ts';

export type Snapshots = Readonly<Record<PartName, Snapshot>>;

/**
 * Appears under its name when it is whole and on the disk, readable by its owner alone. Cut off, it leaves a file that
 * ends in `.partial`.
 * @throws Failure where there is such a file already, or no room
 */
export async function writeBackup(
  file: string,
  header: Header,
  snapshots: Snapshots,
  progress: Progress,
): Promise<Manifest> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    let last: LastLine | undefined;
    const lines = printBackup(header, snapshots, progress, (line) => {
      last = line;
    });
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    // Fast rather than small: it is the API's machine.
    await pipeline(Readable.from(lines), createGzip({ level: 1 }), target);
    // Unlike a rename it never replaces another.
    await link(partial, file);
    await syncFolder(dirname(resolve(file)));
    if (last === undefined) throw new Error('The backup has no end');
    return { ...header, tables: last.tables, sha256: last.sha256 };
  } catch (error) {
    throw explain(error, file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function* printBackup(
  header: Header,
  snapshots: Snapshots,
  progress: Progress,
  onLast: (line: LastLine) => void,
): AsyncGenerator<string> {
  const whole = createHash('sha256');
  const tables: LastLine['tables'][number][] = [];
  const seen = (text: string): string => {
    whole.update(text);
    return text;
  };
  yield seen(print(header));
  for (const part of partNames) {
    for (const table of snapshots[part].tables) {
      const { name, columns } = table;
      yield seen(print({ part, table: name, columns }));
      const digest = createHash('sha256');
      let rows = 0;
      for await (const batch of inBatches(table.rows())) {
        const text = batch.map(print).join('');
        digest.update(text);
        rows += batch.length;
        progress(`${part}, ${name}`, rows);
        yield seen(text);
      }
      const end = { rows, sha256: digest.digest('hex') };
      tables.push({ part, table: name, ...end });
      yield seen(print(end));
    }
    // Its engine holds on to what is deleted for as long as it is open.
    await snapshots[part][Symbol.asyncDispose]();
  }
  const last: LastLine = { end: true, tables, sha256: whole.digest('hex') };
  onLast(last);
  yield print(last);
}

function print(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

const charactersAtOnce = 256 * 1024;

/** A stream of many short lines would spend its time on the stream. */
async function* inBatches(
  rows: Iterable<SnapshotRow> | AsyncIterable<SnapshotRow>,
): AsyncGenerator<readonly SnapshotRow[]> {
  const batch = new Batch();
  // Waiting for each row of an engine that answers at once would take as long as the rest.
  if (Symbol.iterator in rows) {
    for (const row of rows) if (batch.add(row)) yield batch.take();
  } else {
    for await (const row of rows) if (batch.add(row)) yield batch.take();
  }
  const rest = batch.take();
  if (rest.length > 0) yield rest;
}

class Batch {
  #rows: SnapshotRow[] = [];
  #characters = 0;

  /** @returns whether it is full */
  add(row: SnapshotRow): boolean {
    this.#rows.push(row);
    for (const value of row) this.#characters += typeof value === 'string' ? value.length : 8;
    return this.#characters >= charactersAtOnce;
  }

  take(): readonly SnapshotRow[] {
    const rows = this.#rows;
    this.#rows = [];
    this.#characters = 0;
    return rows;
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function explain(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EEXIST') {
    return new Failure(`There is a file ${file} already.`, {
      nextStep: 'Give the backup another name, or remove that file first.',
    });
  }
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EROFS') {
    return new Failure(`The backup ${file} cannot be written: ${code}.`, {
      nextStep: 'Name a file in a folder that is there and may be written to.',
      cause: error,
    });
  }
  return explainFullDisk(error);
}
