import { resolve } from 'node:path';
import type { PinnedRepository, Source } from '../../../ports/source.ts';
import { createCache } from './cache.ts';
import { writeTree } from './checkout.ts';
import { openCommit, resolveTag } from './commits.ts';
import type { Environment } from './environment.ts';
import type { CommitSource } from './fetch.ts';
import { createGit } from './git.ts';
import { requirePublicHost } from './hosts.ts';
import { createMemory } from './memory.ts';
import { createMeasure, pruneCommits } from './prune.ts';
import { DamagedRepository, type OpenedCommit, readBlob, readTreeId } from './read.ts';
import { parseRemote } from './remote.ts';
import type { RemoteRules } from './remote-rules.ts';
import { parseCommit, parseTag } from './revision.ts';
import { createTurns } from './turns.ts';

export interface GitSourceOptions extends RemoteRules {
  /** The cache: everything below it belongs to this source. Several processes may share it. */
  readonly directory: string;
  /** For https repositories: lets git ask the credential helpers (and .netrc) of the user that runs Berth. */
  readonly useOperatorCredentials?: boolean;
  readonly gitExecutable?: string;
  /** For each run of git. */
  readonly timeoutMs?: number;
  readonly maxTreeBytes?: number;
  readonly maxFiles?: number;
  /** Before each fetch. @throws DiskFull where there is no room for one */
  readonly requireRoom?: () => Promise<void>;
  /** Where PATH, proxies and the ssh agent are found; nothing else of it reaches git. */
  readonly environment: Environment;
}

/** A build asks for a few of each application, and a redeploy asks the same again. */
const rememberedDigests = 10_000;
const mebibyte = 1024 * 1024;

export function openGitSource(options: GitSourceOptions): Source {
  const { timeoutMs = 120_000 } = options;
  const directory = resolve(options.directory);
  const { maxTreeBytes = 512 * mebibyte } = options;
  const source: CommitSource = {
    git: createGit({
      directory,
      timeoutMs,
      maxObjectBytes: Math.max(maxTreeBytes, 64 * mebibyte),
      executable: options.gitExecutable ?? 'git',
      environment: options.environment,
      useOperatorCredentials: options.useOperatorCredentials ?? false,
      // A redirect could lead from an allowed host to any other.
      followRedirects: options.allowedHosts === undefined && (options.allowPrivate ?? true),
      requireHost: (remote) => requirePublicHost(remote, options),
    }),
    cache: createCache(directory),
    inTurn: createTurns(),
    timeoutMs,
    requireRoom: options.requireRoom ?? (async () => {}),
    limits: {
      maxTreeBytes,
      maxFiles: options.maxFiles ?? 50_000,
    },
  };
  return bindSource(source, options);
}

function bindSource(source: CommitSource, rules: RemoteRules): Source {
  const open = <T>(at: PinnedRepository, signal: AbortSignal, use: UseCommit<T>) =>
    withCommit({ source, rules, at, signal }, use);
  // The port bounds these by the time limit of git alone.
  const unaborted = () => new AbortController().signal;
  const digests = createMemory<string | undefined>(rememberedDigests);
  const measure = createMeasure();

  return {
    async resolve({ url, tag }, signal) {
      return resolveTag(source, { remote: parseRemote(url, rules), tag: parseTag(tag), signal });
    },
    readFile: (at, path, maxBytes) =>
      open(at, unaborted(), (opened) => readBlob(opened, path, maxBytes)),
    treeDigest: (at, path) =>
      digests([at.url, at.commit, path], () =>
        open(at, unaborted(), (opened) => readTreeId(opened, path)),
      ),
    checkout: (at, directory, signal) => open(at, signal, (opened) => writeTree(opened, directory)),
    prune: (rule) => pruneCommits(source.cache, measure, rule),
  };
}

type UseCommit<T> = (opened: OpenedCommit) => Promise<T>;

interface CommitRequest {
  readonly source: CommitSource;
  readonly rules: RemoteRules;
  readonly at: PinnedRepository;
  readonly signal: AbortSignal;
}

/** A damaged repository is fetched again, once. */
async function withCommit<T>(request: CommitRequest, use: UseCommit<T>): Promise<T> {
  const opened = await open(request);
  try {
    return await use(opened);
  } catch (error) {
    if (!(error instanceof DamagedRepository)) throw error;
    await request.source.cache.discard(opened.gitDirectory);
    return use(await open(request));
  }
}

async function open({ source, rules, at, signal }: CommitRequest): Promise<OpenedCommit> {
  const remote = parseRemote(at.url, rules);
  const tag = parseTag(at.tag);
  const commit = parseCommit(at.commit);
  const gitDirectory = await openCommit(source, { remote, tag, signal }, commit);
  const shown = `"${tag}" of ${remote.shown}`;
  return { git: source.git, gitDirectory, commit, shown, signal };
}
