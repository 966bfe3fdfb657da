import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';

/** A file's text, or how it differs from an ordinary file; `null` removes it. */
export type TestFile =
  | string
  | { readonly text: string | Uint8Array; readonly mode: number }
  | { readonly symlink: string }
  | null;

export type TestFiles = Readonly<Record<string, TestFile>>;

/** A real git repository in a temp folder, with a work tree. `await using` removes it. */
export interface TestRepository extends AsyncDisposable {
  /** `file:///…/connector.git` */
  readonly url: string;
  readonly directory: string;
  /** The commit that `createRepository` made. */
  readonly firstCommit: string;
  /** Writes the files over what is there, commits all of it on `main`, and tags it. Answers the commit's id. */
  commit(files: TestFiles, tag?: string): Promise<string>;
  /** Lightweight unless `message` is given. Moves a tag that exists. */
  tag(name: string, options?: { readonly message?: string; readonly at?: string }): Promise<void>;
  /** Any other git command in it; answers what it printed. */
  git(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Makes a repository with one commit:
 * `await createRepository({ files: { 'connect.yaml': '…', 'bin/run': { text: '…', mode: 0o755 } }, tag: 'v1' })`
 */
export async function createRepository(options: {
  readonly files: TestFiles;
  readonly tag?: string;
}): Promise<TestRepository> {
  const parent = await mkdtemp(join(tmpdir(), 'berth-repository-'));
  const directory = join(parent, 'connector.git');
  await mkdir(directory);
  const git = (...args: readonly string[]) => runGit(directory, args);
  await git('init', '--quiet', '-b', 'main');

  const tag: TestRepository['tag'] = async (name, { message, at = 'HEAD' } = {}) => {
    const annotation = message === undefined ? [] : ['-a', '-m', message];
    await git('tag', '--force', ...annotation, '--', name, at);
  };
  const commit: TestRepository['commit'] = async (files, name) => {
    for (const [path, file] of Object.entries(files)) await place(join(directory, path), file);
    await git('add', '--all', '--force');
    await git(
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      `Change ${Object.keys(files).length} files`,
    );
    if (name !== undefined) await tag(name);
    return git('rev-parse', 'HEAD');
  };
  const remove = () => rm(parent, { recursive: true, force: true });

  return {
    url: pathToFileURL(directory).href,
    directory,
    firstCommit: await commit(options.files, options.tag),
    commit,
    tag,
    git,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

async function place(path: string, file: TestFile): Promise<void> {
  await rm(path, { recursive: true, force: true });
  if (file === null) return;
  await mkdir(dirname(path), { recursive: true });
  if (typeof file === 'string') return writeFile(path, file);
  if ('symlink' in file) return symlink(file.symlink, path);
  await writeFile(path, file.text);
  await chmod(path, file.mode);
}

/** Nothing of the developer's own configuration or of a surrounding git hook reaches these commands. */
async function runGit(directory: string, args: readonly string[]): Promise<string> {
  const person = { name: 'Berth Test', email: 'test@berth.invalid' };
  const { stdout } = await execa('git', ['-c', 'commit.gpgSign=false', ...args], {
    cwd: directory,
    extendEnv: false,
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: person.name,
      GIT_AUTHOR_EMAIL: person.email,
      GIT_COMMITTER_NAME: person.name,
      GIT_COMMITTER_EMAIL: person.email,
    },
  });
  return stdout;
}
