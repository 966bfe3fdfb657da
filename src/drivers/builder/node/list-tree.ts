import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as others } from 'node:timers/promises';
import { execa } from 'execa';
import { sha256 } from './sha256.ts';

/** What lies in a tree, folders left out. */
export interface TreeItem {
  /** From the tree's root, with slashes. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  /** Permission bits, as octal digits. */
  readonly mode: string;
  readonly bytes: number;
  /** Another one after every ordinary change of the content. */
  readonly identity: string;
  /** Of a link. */
  readonly target: string;
}

/** In fewer than these the calls take as long as a program (39 and 40 ms for 1,400 files), and a busy plane need not be forked. */
const few = { folders: 1_000, items: 4_000 };

/** A tree at one moment. */
export interface TreeListing {
  /** Another one where a path, a mode, a target or an identity is another one. */
  readonly fingerprint: string;
  items(): readonly TreeItem[];
}

/** Links are not followed. What vanishes meanwhile is left out. */
export async function readTree(root: string): Promise<TreeListing> {
  const small = await listByCalls(root, few);
  if (small !== undefined) return listingOf(small);
  const printed = await printByProgram(root);
  if (printed !== undefined) {
    return { fingerprint: sha256(printed), items: () => parsePrinted(printed) };
  }
  return listingOf((await listByCalls(root)) ?? []);
}

export async function listTree(root: string): Promise<readonly TreeItem[]> {
  return (await readTree(root)).items();
}

function listingOf(items: readonly TreeItem[]): TreeListing {
  return { fingerprint: sha256(JSON.stringify(items)), items: () => items };
}

const fields = ['%y', '%m', '%s', '%D:%i:%s:%T@', '%P', '%l'];

/** Several times faster than the calls one by one; not every `find` knows how. */
async function printByProgram(root: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const tests = ['-mindepth', '1', '-not', '-type', 'd'];
  const { stdout, failed } = await execa(
    'find',
    [root, ...tests, '-printf', fields.map((field) => `${field}\\0`).join('')],
    { reject: false, stripFinalNewline: false, maxBuffer: 512 * 1024 * 1024 },
  );
  return failed ? undefined : stdout;
}

function parsePrinted(printed: string): readonly TreeItem[] {
  const parts = printed.split('\0');
  return Array.from({ length: Math.floor(parts.length / fields.length) }, (_, index) => {
    const [type, mode = '', size, identity = '', path = '', target = ''] = parts.slice(
      index * fields.length,
      (index + 1) * fields.length,
    );
    const kind = type === 'f' ? 'file' : type === 'l' ? 'link' : 'other';
    return { path, kind, mode, bytes: Number(size), identity, target };
  });
}

const all = { folders: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY };

/** So long nobody else has a turn. */
const sliceMs = 3;

/**
 * Undefined where there are more than `most`, or something among so few cannot be read: then a program says what it finds. In calls
 * that block, in slices: in a busy process promises wait for a turn at every file.
 */
async function listByCalls(root: string, most = all): Promise<readonly TreeItem[] | undefined> {
  const items: TreeItem[] = [];
  const pending = [''];
  let folders = 0;
  let sliceEnd = performance.now() + sliceMs;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    folders++;
    const entries = readFolder(`${root}/${folder}`, most.items);
    if (entries === undefined) return undefined;
    for (const entry of entries)
      if (entry.isDirectory()) pending.push(inFolder(folder, entry.name));
    const files = entries.filter((entry) => !entry.isDirectory());
    if (folders + pending.length > most.folders) return undefined;
    if (items.length + files.length > most.items) return undefined;
    for (const entry of files) {
      const item = readItem(root, folder, entry);
      if (item === undefined && most !== all) return undefined;
      if (item !== undefined) items.push(item);
    }
    if (performance.now() < sliceEnd) continue;
    await others();
    sliceEnd = performance.now() + sliceMs;
  }
  return items;
}

function readItem(root: string, folder: string, entry: Dirent): TreeItem | undefined {
  const path = inFolder(folder, entry.name);
  const place = `${root}/${path}`;
  const stats = statsOf(place);
  if (stats === undefined) return undefined;
  return {
    path,
    kind: stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : 'other',
    mode: (stats.mode & 0o7777n).toString(8),
    bytes: Number(stats.size),
    identity: `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`,
    target: stats.isSymbolicLink() ? readTarget(place) : '',
  };
}

/** Undefined where it is gone, or cannot be looked at. */
function statsOf(place: string): BigIntStats | undefined {
  try {
    return lstatSync(place, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Of one that is larger nobody knows how long it takes to read it at once: it has more entries than are `few`. */
const largestFolderBytes = 256 * 1024;

/** Undefined where there are more than `most`, however many they are; nothing where it is gone. */
function readFolder(place: string, most: number): readonly Dirent[] | undefined {
  try {
    if (most === all.items) return readdirSync(place, { withFileTypes: true });
    if (lstatSync(place).size > largestFolderBytes) return undefined;
    const entries = readdirSync(place, { withFileTypes: true });
    return entries.length > most ? undefined : entries;
  } catch {
    return most === all.items ? [] : undefined;
  }
}

/** Thousands of times: `path.join` takes as long as the call to the system. */
function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function readTarget(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // It is gone.
    return '';
  }
}
