import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './block.ts';

/** Where the entries of a block lie that has them in a file: so many bytes of UTF-8, from there on. */
export interface FilePlace {
  /** Its name in the folder. */
  readonly file: string;
  readonly from: number;
  readonly bytes: number;
}

export interface PlacedBlock {
  readonly block: Block;
  /** Undefined: its row has the entries. */
  readonly place: FilePlace | undefined;
}

export interface PlacedBlocks {
  /** In the order in which they were given. */
  readonly blocks: readonly PlacedBlock[];
  /** Removes the files, as far as it can. Never throws. */
  undo(): void;
}

/** Of one application at once: less is not worth a file. */
export const leastCharactersOfFile = 256 * 1024;

/** Beside the database. */
export function blockFolder(databaseFile: string): string {
  return `${databaseFile}-blocks`;
}

/**
 * Writes what applications have said in a burst into files, one for each of them: SQLite would write it twice, page by page. What comes
 * where no file can be written stays with the rows, and SQLite says what is wrong.
 */
export function placeBlocks(
  folder: string,
  applications: readonly (readonly Block[])[],
): PlacedBlocks {
  const files: string[] = [];
  const placed = applications.map((blocks) => {
    const file = isBurst(blocks) ? newName() : undefined;
    const written = file === undefined ? undefined : writeFile(folder, file, blocks);
    if (file === undefined || written === undefined)
      return blocks.map((block) => ({ block, place: undefined }));
    files.push(file);
    return written.map(({ block, stretch }) => ({ block, place: { file, ...stretch } }));
  });
  return {
    blocks: placed.flat(),
    undo() {
      for (const file of files) removeIfPossible(join(folder, file));
    },
  };
}

function isBurst(blocks: readonly Block[]): boolean {
  return blocks.reduce((sum, block) => sum + charactersOf(block), 0) >= leastCharactersOfFile;
}

/** With the line feeds. */
function charactersOf({ entries }: Block): number {
  return entries.reduce((sum, text) => sum + text.length + 1, -1);
}

/** Undefined for what is no name of ours: rows come from backups, too, and must not lead out of the folder. */
export function pathOf(folder: string, name: string): string | undefined {
  return writtenAt(name) === undefined ? undefined : join(folder, name);
}

/** False for what is lost of a file, and for a place that nobody can have written. */
export function isWithin({ from, bytes }: Omit<FilePlace, 'file'>, size: number): boolean {
  return (
    Number.isInteger(from) &&
    Number.isInteger(bytes) &&
    from >= 0 &&
    bytes >= 0 &&
    from + bytes <= size
  );
}

let names = 0;

/** Begins with the time (ms), by which `writtenAt` knows it. No file is written over, should another process have the same name for once. */
function newName(): string {
  names += 1;
  return `${Date.now()}-${process.pid}-${names}`;
}

/** ms since the epoch; undefined for what is no file of blocks. */
export function writtenAt(name: string): number | undefined {
  const time = /^(\d{1,15})-\d+-\d+$/.exec(name)?.[1];
  return time === undefined ? undefined : Number(time);
}

type Stretch = Pick<FilePlace, 'from' | 'bytes'>;

interface WrittenBlock {
  readonly block: Block;
  readonly stretch: Stretch;
}

/** Undefined, and no file, where it cannot be written. */
function writeFile(
  folder: string,
  name: string,
  blocks: readonly Block[],
): readonly WrittenBlock[] | undefined {
  const path = join(folder, name);
  let file: number | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    file = openSync(path, 'wx', 0o600);
    const written = writeBlocks(file, blocks);
    closeSync(file);
    return written;
  } catch {
    if (file === undefined) return undefined;
    closeIfPossible(file);
    removeIfPossible(path);
    return undefined;
  }
}

/** Left where it cannot be removed: the sweep tries it again. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}

function closeIfPossible(file: number): void {
  try {
    closeSync(file);
  } catch {}
}

/** Of UTF-8, for each of UTF-16. */
const mostBytesPerCharacter = 3;

/** The same memory again and again: to get new costs more than to fill it. */
let room = Buffer.alloc(0);
const roomBytes = 1024 * 1024;

function writeBlocks(file: number, blocks: readonly Block[]): readonly WrittenBlock[] {
  const all: WrittenBlock[] = [];
  let written = 0;
  let filled = 0;
  const flush = (): void => {
    writeWhole(file, room.subarray(0, filled));
    written += filled;
    filled = 0;
  };
  for (const block of blocks) {
    const most = charactersOf(block) * mostBytesPerCharacter;
    if (filled + most > room.length) flush();
    if (most > room.length) room = Buffer.allocUnsafeSlow(Math.max(most, roomBytes));
    const from = filled;
    for (const [position, text] of block.entries.entries()) {
      if (position > 0) filled += room.write('\n', filled);
      filled += room.write(text, filled);
    }
    all.push({ block, stretch: { from: written + from, bytes: filled - from } });
  }
  flush();
  return all;
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from);
}
