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
  /** Removes the files. */
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
export function placeBlocks(folder: string, blocks: readonly Block[]): PlacedBlocks {
  const places = new Map<Block, FilePlace>();
  const files: string[] = [];
  for (const group of Map.groupBy(blocks, applicationOf).values()) {
    const characters = group.reduce((sum, { entries }) => sum + entries.length, 0);
    if (characters < leastCharactersOfFile) continue;
    const file = newName();
    const written = writeFile(folder, file, group);
    if (written === undefined) continue;
    files.push(file);
    for (const [position, block] of group.entries()) {
      const place = written[position];
      if (place !== undefined) places.set(block, { file, ...place });
    }
  }
  return {
    blocks: blocks.map((block) => ({ block, place: places.get(block) })),
    undo() {
      for (const file of files) rmSync(join(folder, file), { force: true });
    },
  };
}

function applicationOf({ deploymentId, applicationName }: Block): string {
  return `${deploymentId}/${applicationName}`;
}

/** Undefined for what is no name of ours: rows come from backups, too, and must not lead out of the folder. */
export function pathOf(folder: string, name: string): string | undefined {
  return writtenAt(name) === undefined ? undefined : join(folder, name);
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

/** Undefined, and no file, where it cannot be written. */
function writeFile(
  folder: string,
  name: string,
  blocks: readonly Block[],
): readonly Stretch[] | undefined {
  const path = join(folder, name);
  let file: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    file = openSync(path, 'wx', 0o600);
  } catch {
    return undefined;
  }
  try {
    return writeBlocks(file, blocks);
  } catch {
    rmSync(path, { force: true });
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Of UTF-8, for each of UTF-16. */
const mostBytesPerCharacter = 3;

/** The same memory again and again: to get new costs more than to fill it. */
let room = Buffer.alloc(0);
const roomBytes = 1024 * 1024;

function writeBlocks(file: number, blocks: readonly Block[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let written = 0;
  let filled = 0;
  const flush = (): void => {
    writeWhole(file, room.subarray(0, filled));
    written += filled;
    filled = 0;
  };
  for (const { entries } of blocks) {
    const most = entries.length * mostBytesPerCharacter;
    if (filled + most > room.length) flush();
    if (most > room.length) room = Buffer.allocUnsafeSlow(Math.max(most, roomBytes));
    const bytes = room.write(entries, filled);
    stretches.push({ from: written + filled, bytes });
    filled += bytes;
  }
  flush();
  return stretches;
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from);
}
