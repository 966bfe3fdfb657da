import { SourceFailure } from '../../../core/failure.ts';
import type { Cache } from './cache.ts';
import { explainBroken } from './explain.ts';
import type { Git, GitResult } from './git.ts';
import type { Remote } from './remote-rules.ts';
import { inspectTree, type TreeLimits, tooManyBytes } from './tree.ts';
import type { InTurn } from './turns.ts';
import { watchSize } from './watch.ts';

export interface CommitSource {
  readonly git: Git;
  readonly cache: Cache;
  readonly inTurn: InTurn;
  readonly limits: TreeLimits;
  readonly timeoutMs: number;
  readonly requireRoom: () => Promise<void>;
}

/** What a person asked for. */
export interface Wanted {
  readonly remote: Remote;
  readonly tag: string;
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly outcome: 'fetched';
  readonly commit: string;
  readonly gitDirectory: string;
}

export interface FailedFetch {
  readonly outcome: 'failed';
  readonly result: GitResult;
}

const fetchedRef = 'refs/berth/fetched';
const fetchCommand = [
  'fetch',
  '--quiet',
  '--depth=1',
  '--no-tags',
  '--no-recurse-submodules',
  '--no-write-fetch-head',
];

/** `expected` only tells the format of the repository's ids: the tag may move at any moment. */
export async function fetchInto(
  source: CommitSource,
  wanted: Wanted,
  name: string,
  expected: string,
): Promise<Fetched | FailedFetch> {
  const { git, cache, limits } = source;
  const { remote, signal } = wanted;
  await source.requireRoom();
  await using incoming = await cache.openIncoming();
  const { gitDirectory } = incoming;
  await initialize(git, gitDirectory, expected, signal);
  const result = await download(source, wanted, gitDirectory, name);
  if (result.end !== 'success') return { outcome: 'failed', result };

  const commit = await readFetched(git, gitDirectory, wanted);
  await inspectTree({ git, gitDirectory, commit, shown: shownOf(wanted), signal }, limits);
  return { outcome: 'fetched', commit, gitDirectory: await incoming.admit(remote, commit) };
}

async function initialize(
  git: Git,
  gitDirectory: string,
  expected: string,
  signal: AbortSignal,
): Promise<void> {
  const format = expected.length === 64 ? 'sha256' : 'sha1';
  const result = await git(
    ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', gitDirectory],
    { signal },
  );
  if (result.end !== 'success') throw explainBroken(result, 'making a repository');
}

async function download(
  { git, limits }: CommitSource,
  wanted: Wanted,
  gitDirectory: string,
  name: string,
): Promise<GitResult> {
  const { remote, signal } = wanted;
  const ended = new AbortController();
  const stopped = new AbortController();
  const tooLarge = () => stopped.abort(tooManyBytes(shownOf(wanted), limits));
  const watching = watchSize(gitDirectory, limits.maxTreeBytes, tooLarge, ended.signal);
  try {
    return await git([...fetchCommand, '--', remote.url, `+${name}:${fetchedRef}`], {
      remote,
      signal: AbortSignal.any([signal, stopped.signal]),
      gitDirectory,
    });
  } finally {
    ended.abort();
    await watching;
  }
}

async function readFetched(git: Git, gitDirectory: string, wanted: Wanted): Promise<string> {
  const result = await git(['rev-parse', '--verify', '--quiet', `${fetchedRef}^{commit}`], {
    gitDirectory,
    signal: wanted.signal,
  });
  if (result.end === 'success') return result.stdout.trim();
  throw new SourceFailure('unreachable', `${shownOf(wanted)} does not lead to a commit.`, {
    nextStep: 'Tag a commit.',
  });
}

function shownOf({ remote, tag }: Wanted): string {
  return `"${tag}" of ${remote.shown}`;
}
