import { SourceFailure } from '../../../core/failure.ts';

/** A ref of a remote repository and the commit it leads to. */
export interface RemoteRef {
  readonly name: string;
  readonly commit: string;
}

const tagPattern = /^(?!.*\.\.)[A-Za-z0-9][\w.@/-]{0,254}$/;
const commitPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @throws SourceFailure `refused` for what git would not take as the name of a ref */
export function parseTag(tag: string): string {
  if (isTag(tag)) return tag;
  throw new SourceFailure('refused', `${JSON.stringify(tag.slice(0, 255))} is not a git tag.`, {
    nextStep: 'Use letters, digits and . _ @ / - only, beginning with a letter or digit.',
  });
}

function isTag(text: string): boolean {
  return (
    tagPattern.test(text) &&
    text.split('/').every((part) => part !== '' && !/^\.|\.$|\.lock$/.test(part))
  );
}

/** @throws SourceFailure `refused` */
export function parseCommit(commit: string): string {
  if (isCommit(commit)) return commit;
  throw new SourceFailure('refused', `${JSON.stringify(commit.slice(0, 80))} is not a commit id.`);
}

export function isCommit(text: string): boolean {
  return commitPattern.test(text);
}

/** Where a tag may be found, best first: a tag, with what it points at if annotated, then a branch. */
export function refNames(tag: string): readonly string[] {
  return [`refs/tags/${tag}^{}`, `refs/tags/${tag}`, `refs/heads/${tag}`];
}

/** Chooses from what `git ls-remote` printed. */
export function findRef(listing: string, tag: string): RemoteRef | undefined {
  const commits = new Map(readListing(listing).map(({ name, commit }) => [name, commit]));
  for (const name of refNames(tag)) {
    const commit = commits.get(name);
    if (commit !== undefined) return { name: name.replace(/\^\{\}$/, ''), commit };
  }
  return undefined;
}

/** Those that could be asked for: a server may send any text as a name. */
export function listTags(listing: string, limit: number): readonly string[] {
  return readListing(listing)
    .filter(({ name }) => name.startsWith('refs/tags/'))
    .map(({ name }) => name.slice('refs/tags/'.length))
    .filter(isTag)
    .slice(0, limit);
}

function readListing(listing: string): readonly RemoteRef[] {
  return listing.split('\n').flatMap((line) => {
    const [commit = '', name = ''] = line.split('\t');
    return isCommit(commit) && name !== '' ? [{ name, commit }] : [];
  });
}
