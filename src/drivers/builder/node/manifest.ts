import { join } from 'node:path';
import type { FileDigests } from './file-digests.ts';
import { inParallel } from './in-parallel.ts';
import type { TreeItem } from './list-tree.ts';
import { sha256 } from './sha256.ts';

/** One file or link of a tree: all that is to be the same at every start. */
export interface ManifestEntry {
  readonly path: string;
  /** Permission bits of a file as octal digits, else `link` or `other`. */
  readonly mode: string;
  /** SHA-256 of a file, the target of a link. */
  readonly content: string;
}

/** Sorted by path. */
export type Manifest = readonly ManifestEntry[];

const readsAtOnce = 16;

/** Reads every file of a tree. */
export async function describeTree(
  root: string,
  items: readonly TreeItem[],
  digests: FileDigests,
): Promise<Manifest> {
  const entries = await inParallel(items, readsAtOnce, async (item) => ({
    path: item.path,
    mode: modeOf(item),
    content: await contentOf(root, item, digests),
  }));
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What differs between a tree and its manifest, worded for people; undefined where nothing does. */
export async function findDifference(
  root: string,
  items: readonly TreeItem[],
  manifest: Manifest,
  { digests, matters }: { readonly digests: FileDigests; readonly matters: Matters },
): Promise<string | undefined> {
  const present = new Map(items.map((item) => [item.path, item]));
  const pairs: { readonly entry: ManifestEntry; readonly item: TreeItem }[] = [];
  for (const entry of manifest) {
    const item = present.get(entry.path);
    if (item === undefined) return `the file ${show(entry.path)} is missing`;
    if (modeOf(item) !== entry.mode) return `the mode of ${show(entry.path)} has changed`;
    present.delete(entry.path);
    pairs.push({ entry, item });
  }
  for (const path of present.keys())
    if (matters(path)) return `the file ${show(path)} was not there when it was built`;
  const equal = await inParallel(pairs, readsAtOnce, async ({ entry, item }) => {
    // What cannot be read, or vanished since it was listed, is not what it was.
    const content = await contentOf(root, item, digests).catch(() => undefined);
    return content === entry.content;
  });
  const changed = pairs[equal.indexOf(false)];
  return changed && `the content of ${show(changed.entry.path)} has changed`;
}

/** Whether a file that was not there when the tree was described can change what runs. */
export type Matters = (path: string) => boolean;

/** A line for each entry. */
export function printManifest(manifest: Manifest): string {
  return manifest
    .map(({ path, mode, content }) => `${JSON.stringify([mode, content, path])}\n`)
    .join('');
}

/** Of what `printManifest` has written, whose digest was checked. */
export function parseManifest(text: string): Manifest {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const [mode, content, path] = JSON.parse(line) as readonly [string, string, string];
    return [{ path, mode, content }];
  });
}

export function digestOfManifest(manifest: Manifest): string {
  return sha256(printManifest(manifest));
}

async function contentOf(root: string, item: TreeItem, digests: FileDigests): Promise<string> {
  switch (item.kind) {
    case 'file':
      return digests.of(join(root, item.path), item);
    case 'link':
      return item.target;
    case 'other':
      return 'other';
    default:
      return item.kind satisfies never;
  }
}

function modeOf({ kind, mode }: TreeItem): string {
  return kind === 'file' ? mode : kind;
}

function show(path: string): string {
  const text = path.replaceAll(/\p{Cc}/gu, '?');
  return text.length > 300 ? `…${text.slice(-300)}` : text;
}
