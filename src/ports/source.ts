/** Where connectors come from: a repository at a tag, pinned to a commit. */
export interface Source {
  /**
   * Fetches the tag and returns the commit it points at. A tag can move; the commit cannot.
   * @throws SourceFailure `refused` (this Berth does not take such a repository), `too-large` or `unreachable`
   */
  resolve(repository: RepositoryRef, signal: AbortSignal): Promise<Commit>;
  /**
   * The text of one file of the commit, or undefined where it has none.
   * @throws SourceFailure `too-large` above `maxBytes`
   */
  readFile(at: PinnedRepository, path: string, maxBytes: number): Promise<string | undefined>;
  /** Digest of everything below `path` in the commit (git's tree id), or undefined where there is no such folder. */
  treeDigest(at: PinnedRepository, path: string): Promise<string | undefined>;
  /** Writes the whole tree of the commit into `directory`, which must not exist yet. */
  checkout(at: PinnedRepository, directory: string, signal: AbortSignal): Promise<void>;
  /**
   * Forgets commits, the longest unused first, until all together take at most `maxBytes`. They are fetched again when
   * somebody asks. What was used at or after `usedSince` (ms since the epoch) stays. Forgets what processes that died were fetching.
   */
  prune(rule: { readonly maxBytes: number; readonly usedSince: number }): Promise<void>;
}

export interface RepositoryRef {
  readonly url: string;
  readonly tag: string;
}

export type Commit = string;

export interface PinnedRepository extends RepositoryRef {
  readonly commit: Commit;
}
