import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';

/** What a person asked to try: `CLONE@TAG` or `CLONE@TAG:FOLDER`. */
export interface ConnectorArgument {
  readonly clone: string;
  readonly tag: string;
  /** A folder that is the connector's root, where `connect.yaml` is not at the repository's. */
  readonly folder: string | undefined;
}

/** A repository that Berth can fetch, with `connect.yaml` at its root. */
export interface ConnectorSource extends AsyncDisposable {
  /** The repository's name, by which expectations are found. */
  readonly name: string;
  /** The folder's name, where there is one. */
  readonly folderName: string | undefined;
  readonly url: string;
  readonly tag: string;
}

/** Paths and tags may both contain `@`, so the first part that is a folder is the clone. */
export async function parseConnectorArgument(
  text: string,
  defaultFolder?: string,
): Promise<ConnectorArgument> {
  for (let at = text.indexOf('@', 1); at !== -1; at = text.indexOf('@', at + 1)) {
    const clone = resolve(text.slice(0, at));
    if (!(await isFolder(clone))) continue;
    // git allows no colon in a tag.
    const [tag = '', folder = defaultFolder] = text.slice(at + 1).split(':', 2);
    if (tag !== '') return { clone, tag, folder };
  }
  throw new Error(
    `${text}: expected CLONE@TAG, where CLONE is the folder of a git repository. ` +
      'A connector below the root is CLONE@TAG:FOLDER.',
  );
}

export async function openConnectorSource(argument: ConnectorArgument): Promise<ConnectorSource> {
  const { clone, tag, folder } = argument;
  const name = basename(clone).replace(/\.git$/, '');
  if (folder === undefined && (await hasTag(clone, tag))) {
    const nothing = async () => undefined;
    return { name, folderName: undefined, url: urlOf(clone), tag, [Symbol.asyncDispose]: nothing };
  }
  return makeTaggedRepository({ ...argument, name });
}

const ownTag = 'try-1.0.0';

/** Branches and commits get a tag, and a folder becomes the root, in a bare clone of their own. */
async function makeTaggedRepository({
  clone,
  tag,
  folder,
  name,
}: ConnectorArgument & { readonly name: string }): Promise<ConnectorSource> {
  const parent = await mkdtemp(join(tmpdir(), 'berth-try-source-'));
  const directory = join(parent, `${name}.git`);
  const remove = () => rm(parent, { recursive: true, force: true });
  try {
    await git(parent, 'clone', '--quiet', '--bare', '--no-hardlinks', '--', clone, directory);
    const commit = await git(directory, 'rev-parse', '--verify', `${tag}^{commit}`);
    const target =
      folder === undefined
        ? commit
        : await git(directory, 'commit-tree', '-m', `${folder} of ${tag}`, `${commit}:${folder}`);
    await git(directory, 'tag', '--no-sign', '--', ownTag, target);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    name,
    folderName: folder === undefined ? undefined : basename(folder),
    url: urlOf(directory),
    tag: ownTag,
    [Symbol.asyncDispose]: remove,
  };
}

async function hasTag(clone: string, tag: string): Promise<boolean> {
  const { exitCode } = await execa(
    'git',
    ['show-ref', '--verify', '--quiet', '--', `refs/tags/${tag}`],
    { cwd: clone, reject: false },
  );
  return exitCode === 0;
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const person = { NAME: 'Berth', EMAIL: 'try@berth.invalid' };
  const { stdout } = await execa('git', args, {
    cwd,
    timeout: 120_000,
    env: {
      GIT_AUTHOR_NAME: person.NAME,
      GIT_AUTHOR_EMAIL: person.EMAIL,
      GIT_COMMITTER_NAME: person.NAME,
      GIT_COMMITTER_EMAIL: person.EMAIL,
    },
  });
  return stdout.trim();
}

function urlOf(directory: string): string {
  return pathToFileURL(directory).href;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
