import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { BuildRequest } from '../../../ports/builder.ts';
import type { Source } from '../../../ports/source.ts';
import { folderFailure, missingFailure, outsideFailure, tooManyFailure } from './input-failures.ts';
import { type FolderRecord, findFolder, inspectFolder, listFolders } from './inspect.ts';
import { createMemory, type Memory } from './memory.ts';
import { anywhere, climbingWorkspaces, resolveInRepository } from './reach.ts';
import { absent } from './read-bounded.ts';

/** An application's folder and what it needs of its repository. */
export interface BuildInputs {
  readonly application: FolderRecord;
  /** Folders it depends on, each after those it depends on itself. */
  readonly siblings: readonly Sibling[];
  /** Folder → digest: all that can change the outcome. */
  readonly trees: ReadonlyMap<string, string>;
}

export interface Sibling {
  readonly folder: string;
  readonly record: FolderRecord;
}

export interface InputReader {
  /** `checkout` is called only for what was not seen before. */
  read(
    request: Pick<BuildRequest, 'repository' | 'application'>,
    checkout: () => Promise<string>,
  ): Promise<BuildInputs>;
}

const limits = { siblings: 50, remembered: 1000 };

export function createInputReader(source: Source): InputReader {
  const records = createMemory<FolderRecord>(limits.remembered);
  const found = createMemory<boolean>(limits.remembered);

  return {
    async read({ repository, application }, checkout) {
      const digestOf = (folder: string) => source.treeDigest(repository, folder);
      const root = await digestOf('');
      if (root === undefined) throw new Error(`Commit ${repository.commit} has no tree.`);
      if ((await digestOf(application)) === undefined) {
        await requireFolder(await checkout(), application);
      }
      const { record, siblings, trees, outside } = await followDependencies(application, {
        ...{ root, digestOf, checkout, records },
      });
      const named = [...outside].filter((path) => !trees.has(path));
      const isIsolated = !(await found.get(`${root} ${named.join(' ')}`, async () => {
        return named.length > 0 && someExist(named, checkout);
      }));
      return { application: record, siblings, trees: isIsolated ? trees : new Map([['', root]]) };
    },
  };
}

interface Repository {
  readonly root: string;
  readonly digestOf: (folder: string) => Promise<string | undefined>;
  readonly checkout: () => Promise<string>;
  readonly records: Memory<FolderRecord>;
}

/** The application's folder, and those its `file:` and `link:` dependencies lead to. */
async function followDependencies(
  application: string,
  { root, digestOf, checkout, records }: Repository,
) {
  const siblings: Sibling[] = [];
  const trees = new Map<string, string>();
  const outside = new Set<string>();

  const visit = async (folder: string): Promise<FolderRecord> => {
    const digest = await digestOf(folder);
    // A link to a folder whose own digest the source does not tell.
    if (digest === undefined) outside.add(anywhere);
    trees.set(folder, digest ?? root);
    const record = await records.get(`${digest ?? root} ${folder}`, async () => {
      return inspectFolder(await checkout(), folder);
    });
    for (const path of record.outside) outside.add(path);
    for (const dependency of outsideWorkspaces(record))
      throw outsideFailure({ application, from: record.place, dependency });
    for (const dependency of record.localDependencies) await follow(record.place, dependency);
    return record;
  };
  const follow = async (from: string, dependency: string): Promise<void> => {
    const named = { application, from, dependency };
    const folder = resolveInRepository(from, dependency);
    if (folder === undefined) throw outsideFailure(named);
    if (trees.has(folder)) return;
    if (folder !== '.' && (await isFolder(folder))) {
      if (trees.size > limits.siblings) throw tooManyFailure(application, limits.siblings);
      siblings.push({ folder, record: await visit(folder) });
      return;
    }
    // A packed archive, or the repository's root itself.
    outside.add(anywhere);
    const present = await lstat(join(await checkout(), folder)).catch(absent);
    if (present === undefined) throw missingFailure(named);
  };
  const isFolder = async (folder: string): Promise<boolean> =>
    (await digestOf(folder)) !== undefined ||
    (await findFolder(await checkout(), folder)) !== undefined;

  return { record: await visit(application), siblings, trees, outside };
}

/** A package manager would write into them. */
function outsideWorkspaces({ place, facts }: FolderRecord): readonly string[] {
  const folders = facts.packageJson === undefined ? [] : climbingWorkspaces(facts.packageJson);
  return folders.filter((path) => resolveInRepository(place, path) === undefined);
}

async function requireFolder(root: string, application: string): Promise<void> {
  if ((await findFolder(root, application)) !== undefined) return;
  throw folderFailure(application, await listFolders(root));
}

/** Files are often named without their ending. */
async function someExist(
  paths: readonly string[],
  checkout: () => Promise<string>,
): Promise<boolean> {
  if (paths.includes(anywhere)) return true;
  const tree = await checkout();
  for (const path of paths) {
    const names = await readdir(join(tree, dirname(path))).catch(() => []);
    const name = basename(path);
    if (names.some((present) => present === name || present.startsWith(`${name}.`))) return true;
  }
  return false;
}
