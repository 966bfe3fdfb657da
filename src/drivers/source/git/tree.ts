import { SourceFailure } from '../../../core/failure.ts';
import { explainBroken } from './explain.ts';
import type { Git } from './git.ts';
import { mistakeInPath } from './path-names.ts';
import { leavesTree } from './symlink.ts';

export interface TreeLimits {
  readonly maxTreeBytes: number;
  readonly maxFiles: number;
}

interface TreeEntry {
  readonly kind: 'folder' | 'symlink' | 'file';
  readonly id: string;
  readonly bytes: number;
  readonly path: string;
}

interface InspectedTree {
  readonly git: Git;
  readonly gitDirectory: string;
  readonly commit: string;
  /** What people are shown: which tag of which repository. */
  readonly shown: string;
  readonly signal: AbortSignal;
}

interface ListedTree {
  readonly entries: readonly TreeEntry[];
  /** Git had more to say than is listened to. */
  readonly isCut: boolean;
}

const kinds: Readonly<Record<string, TreeEntry['kind']>> = {
  '040000': 'folder',
  '120000': 'symlink',
};
const maxTargetBytes = 4096;
const maxListedBytesPerEntry = 256;

/** @throws SourceFailure `too-large`, or `refused` for a symlink that leaves the tree */
export async function inspectTree(tree: InspectedTree, limits: TreeLimits): Promise<void> {
  const { entries, isCut } = await listTree(tree, limits);
  requireSize(tree, entries, limits);
  for (const { path } of entries) requirePath(tree, path);
  if (isCut) throw tooManyFiles(tree, limits);
  const symlinks = entries.filter(({ kind }) => kind === 'symlink');
  const targets = await readTargets(tree, symlinks);
  symlinks.forEach(({ path }, index) => {
    requireInside(tree, path, targets[index] ?? '/');
  });
}

/** With its folders: they can be many where no file is. */
async function listTree(tree: InspectedTree, limits: TreeLimits): Promise<ListedTree> {
  const { git, gitDirectory, commit, signal } = tree;
  const result = await git(['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', commit], {
    gitDirectory,
    signal,
    encoding: 'latin1',
    maxOutputBytes: 2 * limits.maxFiles * maxListedBytesPerEntry,
  });
  const isCut = result.end === 'too-much-output';
  if (!isCut && result.end !== 'success') throw explainBroken(result, `listing ${tree.shown}`);
  // The last part is empty, or was cut off.
  return { entries: result.stdout.split('\0').slice(0, -1).flatMap(parseEntry), isCut };
}

/** `<mode> <type> <id> <size>\t<path>`; folders and submodules have no size. */
function parseEntry(line: string): readonly TreeEntry[] {
  const [, mode = '', id = '', size, path = ''] =
    /^(\d+) \w+ (\w+) +([\d-]+)\t(.*)$/s.exec(line) ?? [];
  if (id === '') return [];
  return [{ kind: kinds[mode] ?? 'file', id, bytes: Number(size) || 0, path }];
}

function requireSize(tree: InspectedTree, entries: readonly TreeEntry[], limits: TreeLimits): void {
  const folders = entries.filter(({ kind }) => kind === 'folder').length;
  if (Math.max(folders, entries.length - folders) > limits.maxFiles)
    throw tooManyFiles(tree, limits);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (bytes > limits.maxTreeBytes) throw tooManyBytes(tree.shown, limits);
}

function requirePath({ shown }: InspectedTree, path: string): void {
  const mistake = mistakeInPath(Buffer.from(path, 'latin1').toString('utf8'));
  if (mistake === undefined) return;
  throw new SourceFailure('refused', `The file ${printable(path)} in ${shown} ${mistake}.`, {
    nextStep: 'Rename or remove the file, and tag the repository again.',
  });
}

async function readTargets(
  { git, gitDirectory, signal, shown }: InspectedTree,
  symlinks: readonly TreeEntry[],
): Promise<readonly string[]> {
  const long = symlinks.find(({ bytes }) => bytes > maxTargetBytes);
  if (long !== undefined) throw outsideSymlink(shown, long.path, '…');
  const result = await git(['cat-file', '--batch'], {
    gitDirectory,
    signal,
    encoding: 'latin1',
    input: symlinks.map(({ id }) => `${id}\n`).join(''),
    maxOutputBytes: symlinks.length * (maxTargetBytes + 128) + 128,
  });
  if (result.end !== 'success') throw explainBroken(result, `reading the symlinks of ${shown}`);
  return splitBatch(result.stdout, symlinks);
}

/** Each object is a header line, as many bytes as it has, and a line end. */
function splitBatch(stdout: string, symlinks: readonly TreeEntry[]): readonly string[] {
  let position = 0;
  return symlinks.map(({ bytes }) => {
    const start = stdout.indexOf('\n', position) + 1;
    position = start + bytes + 1;
    return stdout.slice(start, start + bytes);
  });
}

function requireInside({ shown }: InspectedTree, path: string, target: string): void {
  if (leavesTree(path, target)) throw outsideSymlink(shown, path, target);
}

function outsideSymlink(shown: string, path: string, target: string): SourceFailure {
  return new SourceFailure(
    'refused',
    `The symlink ${printable(path)} in ${shown} points to ${printable(target)}, which may lie outside of the repository.`,
    { nextStep: 'Replace the symlink by one that stays in the repository, or by a copy.' },
  );
}

export function tooManyBytes(shown: string, { maxTreeBytes }: TreeLimits): SourceFailure {
  const limit = `${Math.floor(maxTreeBytes / 1024 / 1024)} MiB`;
  return new SourceFailure('too-large', `${shown} is larger than ${limit}, the limit here.`, {
    nextStep: 'Remove large files from the repository and tag it again.',
  });
}

function tooManyFiles({ shown }: InspectedTree, { maxFiles }: TreeLimits): SourceFailure {
  return new SourceFailure(
    'too-large',
    `${shown} has more than ${maxFiles} files or folders, the limit here.`,
    {
      nextStep: 'Remove generated files (node_modules, build output) and tag the repository again.',
    },
  );
}

function printable(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
