import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Remote } from './remote-rules.ts';

/**
 * One bare repository for each commit: `<repository>/<commit>`. It appears by a rename, complete and checked, and
 * never changes, so there are no locks that a killed process could leave behind.
 */
export interface Cache {
  /** The git directory of a commit, or undefined where it is not here. */
  find(remote: Remote, commit: string): Promise<string | undefined>;
  /** An empty directory to fetch into, removed if not admitted. */
  openIncoming(): Promise<Incoming>;
  /** Forgets a commit whose repository turned out to be damaged. */
  discard(gitDirectory: string): Promise<void>;
  /** Removes what was being fetched by processes that are gone. */
  sweep(): Promise<void>;
  /** All commits. */
  list(): Promise<readonly CachedCommit[]>;
}

export interface CachedCommit {
  readonly gitDirectory: string;
  /** ms since the epoch */
  readonly usedAt: number;
}

export interface Incoming extends AsyncDisposable {
  readonly gitDirectory: string;
  /** Answers where the commit lies from now on. */
  admit(remote: Remote, commit: string): Promise<string>;
}

/** A directory in use is touched all the time; what a killed process left behind is not. */
const touchEveryMs = 2_000;
const abandonedAfterMs = 30_000;

export function createCache(directory: string): Cache {
  const incoming = join(directory, 'incoming');
  const place = (remote: Remote, commit: string) =>
    join(directory, digest(remote.identity), commit);

  return {
    async find(remote, commit) {
      const path = place(remote, commit);
      if (!(await exists(path))) return undefined;
      await touch(path);
      return path;
    },
    async openIncoming() {
      await mkdir(incoming, { recursive: true });
      await removeAbandoned(incoming);
      const gitDirectory = await mkdtemp(join(incoming, 'fetch-'));
      const touching = setInterval(touch, touchEveryMs, gitDirectory).unref();
      return {
        gitDirectory,
        admit: (remote, commit) => move(gitDirectory, place(remote, commit)),
        [Symbol.asyncDispose]: () => {
          clearInterval(touching);
          return remove(gitDirectory);
        },
      };
    },
    async discard(gitDirectory) {
      await mkdir(incoming, { recursive: true });
      const aside = await mkdtemp(join(incoming, 'damaged-'));
      // Another caller may have been faster.
      await rename(gitDirectory, join(aside, 'repository')).catch(ignoreMissing);
      await remove(aside);
    },
    sweep: () => removeAbandoned(incoming),
    async list() {
      const commits: CachedCommit[] = [];
      for (const repository of await readNames(directory)) {
        if (!isDigest(repository)) continue;
        for (const commit of await readNames(join(directory, repository))) {
          const gitDirectory = join(directory, repository, commit);
          const found = await stat(gitDirectory).catch(ignoreMissing);
          if (found !== undefined) commits.push({ gitDirectory, usedAt: found.mtimeMs });
        }
      }
      return commits;
    },
  };
}

async function readNames(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(ignoreMissing)) ?? [];
}

async function move(from: string, to: string): Promise<string> {
  await mkdir(join(to, '..'), { recursive: true });
  try {
    await rename(from, to);
  } catch (error) {
    // Another process fetched the same commit: either copy will do.
    if (!(await exists(to))) throw error;
  }
  return to;
}

async function removeAbandoned(incoming: string): Promise<void> {
  const before = Date.now() - abandonedAfterMs;
  for (const name of await readNames(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(ignoreMissing);
    if (found !== undefined && found.mtimeMs < before) await remove(path);
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  // A touch that fails costs nothing: the next one follows.
  await utimes(path, now, now).catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function isDigest(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name);
}
