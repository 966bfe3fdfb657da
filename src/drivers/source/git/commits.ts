import {
  explainMissingTag,
  explainMovedTag,
  explainNoCommit,
  explainUnreachable,
} from './explain.ts';
import { type CommitSource, type Fetched, fetchInto, type Wanted } from './fetch.ts';
import type { Git } from './git.ts';
import { findRef, isCommit, listTags, type RemoteRef, refNames } from './revision.ts';

const suggestedTags = 5;

/** The commit that the tag points at now, fetched. */
export async function resolveTag(source: CommitSource, wanted: Wanted): Promise<string> {
  if (isCommit(wanted.tag)) {
    await openCommit(source, wanted, wanted.tag);
    return wanted.tag;
  }
  const ref = await requireRef(source, wanted);
  return source.inTurn(wanted.remote.identity, wanted.signal, async () => {
    if ((await source.cache.find(wanted.remote, ref.commit)) !== undefined) return ref.commit;
    return (await requireFetched(source, wanted, ref.name, ref.commit)).commit;
  });
}

/** The git directory of a commit: from the cache, else fetched again. */
export async function openCommit(
  source: CommitSource,
  wanted: Wanted,
  commit: string,
): Promise<string> {
  const { cache, inTurn } = source;
  const { remote, signal } = wanted;
  const found = await cache.find(remote, commit);
  if (found !== undefined) return found;
  return inTurn(
    remote.identity,
    signal,
    async () => (await cache.find(remote, commit)) ?? (await fetchCommit(source, wanted, commit)),
  );
}

async function fetchCommit(source: CommitSource, wanted: Wanted, commit: string): Promise<string> {
  const { remote, tag } = wanted;
  // Most servers hand out a commit by its id, wherever its tag is now.
  const byId = await fetchInto(source, wanted, commit, commit);
  if (byId.outcome === 'fetched') {
    // The id of an annotated tag leads to a commit, too.
    if (byId.commit !== commit) throw explainNoCommit(remote, commit);
    return byId.gitDirectory;
  }
  if (byId.result.end === 'timed-out')
    throw explainUnreachable(byId.result, remote, source.timeoutMs);

  const ref = await requireRef(source, wanted);
  const now = ref.commit === commit ? await requireFetched(source, wanted, ref.name, commit) : ref;
  if ('gitDirectory' in now && now.commit === commit) return now.gitDirectory;
  throw explainMovedTag(remote, { tag, pinned: commit, now: now.commit });
}

async function requireRef(source: CommitSource, wanted: Wanted): Promise<RemoteRef> {
  const { remote, tag, signal } = wanted;
  const result = await source.git(['ls-remote', '--quiet', '--', remote.url, ...refNames(tag)], {
    remote,
    signal,
  });
  if (result.end !== 'success') throw explainUnreachable(result, remote, source.timeoutMs);
  const ref = findRef(result.stdout, tag);
  if (ref === undefined) throw explainMissingTag(remote, tag, await newestTags(source.git, wanted));
  return ref;
}

async function newestTags(git: Git, { remote, signal }: Wanted): Promise<readonly string[]> {
  const result = await git(
    ['ls-remote', '--quiet', '--tags', '--refs', '--sort=-version:refname', '--', remote.url],
    { remote, signal },
  );
  return result.end === 'success' ? listTags(result.stdout, suggestedTags) : [];
}

async function requireFetched(
  source: CommitSource,
  wanted: Wanted,
  name: string,
  expected: string,
): Promise<Fetched> {
  const fetched = await fetchInto(source, wanted, name, expected);
  if (fetched.outcome === 'fetched') return fetched;
  throw explainUnreachable(fetched.result, wanted.remote, source.timeoutMs);
}
