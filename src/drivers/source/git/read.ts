import { SourceFailure } from '../../../core/failure.ts';
import { explainBroken } from './explain.ts';
import type { Git, GitResult } from './git.ts';

/** A commit in a git directory of the cache. */
export interface OpenedCommit {
  readonly git: Git;
  readonly gitDirectory: string;
  readonly commit: string;
  /** What people are shown: which tag of which repository. */
  readonly shown: string;
  readonly signal: AbortSignal;
}

interface FoundObject {
  readonly type: 'blob' | 'tree';
  readonly id: string;
  readonly bytes: number;
}

/** The cache has the commit's git directory, but not the commit. */
export class DamagedRepository extends Error {}

export async function readBlob(
  opened: OpenedCommit,
  path: string,
  maxBytes: number,
): Promise<string | undefined> {
  const found = await findObject(opened, path);
  if (found?.type !== 'blob') return undefined;
  if (found.bytes > maxBytes)
    throw new SourceFailure(
      'too-large',
      `The file ${path} in ${opened.shown} has ${found.bytes} bytes; at most ${maxBytes} are read.`,
      { nextStep: 'Make the file smaller and tag the repository again.' },
    );
  const { git, gitDirectory, signal } = opened;
  const result = await git(['cat-file', 'blob', found.id], {
    gitDirectory,
    signal,
    maxOutputBytes: maxBytes + 1,
  });
  if (result.end !== 'success') throw explainBroken(result, `reading ${path} in ${opened.shown}`);
  return result.stdout;
}

export async function readTreeId(opened: OpenedCommit, path: string): Promise<string | undefined> {
  const found = await findObject(opened, path);
  return found?.type === 'tree' ? found.id : undefined;
}

/** @throws DamagedRepository */
export async function requireCommit(opened: OpenedCommit): Promise<void> {
  await findObject(opened, '');
}

/** Symlinks are followed inside of the tree, as they are in a checkout. */
async function findObject(opened: OpenedCommit, path: string): Promise<FoundObject | undefined> {
  const { git, gitDirectory, commit, signal } = opened;
  const name = normalizePath(path);
  const result = await git(
    ['cat-file', '--batch-check=%(objecttype) %(objectname) %(objectsize)', '--follow-symlinks'],
    {
      gitDirectory,
      signal,
      input: `${commit}^{commit}\n${name === undefined ? '' : `${commit}:${name}\n`}`,
    },
  );
  const [head = '', entry = ''] = result.stdout.split('\n');
  if (!head.startsWith('commit ')) throw damageOf(result, opened);
  const [, type, id = '', size] = /^(blob|tree) (\w+) (\d+)$/.exec(entry) ?? [];
  return type === 'blob' || type === 'tree' ? { type, id, bytes: Number(size) } : undefined;
}

/** The path as git writes it, or undefined where no tree can have it. */
function normalizePath(path: string): string | undefined {
  if (path.startsWith('/') || /[\0\n]/.test(path)) return undefined;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

function damageOf(result: GitResult, { commit, shown }: OpenedCommit): Error {
  if (result.end === 'success' || result.end === 'failed')
    return new DamagedRepository(`The copy of commit ${commit}, ${shown}, is damaged.`);
  return explainBroken(result, `looking into ${shown}`);
}
