import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import type { BuildRequest } from '../../../ports/builder.ts';
import type { Source } from '../../../ports/source.ts';
import { type FolderRecord, findFolder, inspectFolder, listFolders } from './inspect.ts';
import { resolveInRepository } from './reach.ts';

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
  /** `checkout` is called only for folders not seen before. */
  read(request: BuildRequest, checkout: () => Promise<string>): Promise<BuildInputs>;
}

const limits = { siblings: 50, remembered: 1000 };

export function createInputReader(source: Source): InputReader {
  const remembered = new Map<string, FolderRecord>();

  const readFolder = async (
    folder: string,
    digest: string,
    checkout: () => Promise<string>,
  ): Promise<FolderRecord> => {
    const key = `${digest} ${folder}`;
    const record = remembered.get(key) ?? (await inspectFolder(await checkout(), folder));
    if (remembered.size >= limits.remembered) remembered.clear();
    remembered.set(key, record);
    return record;
  };

  return {
    async read({ repository, application }, checkout) {
      const root = await source.treeDigest(repository, '');
      if (root === undefined) throw new Error(`Commit ${repository.commit} has no tree.`);
      const siblings: Sibling[] = [];
      const trees = new Map<string, string>();
      let isolated = true;

      const isFolder = async (folder: string): Promise<boolean> =>
        (await source.treeDigest(repository, folder)) !== undefined ||
        (await findFolder(await checkout(), folder)) !== undefined;

      const visit = async (folder: string): Promise<FolderRecord> => {
        const digest = await source.treeDigest(repository, folder);
        // A link to a folder: what it leads to has no digest of its own.
        if (digest === undefined) isolated = false;
        trees.set(folder, digest ?? root);
        const record = await readFolder(folder, digest ?? root, checkout);
        if (record.leavesFolder) isolated = false;
        for (const dependency of record.localDependencies) {
          await visitDependency(record.place, dependency);
        }
        return record;
      };

      const visitDependency = async (from: string, dependency: string): Promise<void> => {
        const folder = resolveInRepository(from, dependency);
        if (folder === undefined) throw outsideFailure(application, from, dependency);
        if (trees.has(folder)) return;
        if (folder !== '.' && (await isFolder(folder))) {
          if (trees.size > limits.siblings) throw tooManyFailure(application);
          siblings.push({ folder, record: await visit(folder) });
          return;
        }
        // A packed archive, or the repository's root itself.
        isolated = false;
        const present = await lstat(join(await checkout(), folder)).catch(() => undefined);
        if (present === undefined) throw missingDependency(application, from, dependency);
      };

      if ((await source.treeDigest(repository, application)) === undefined) {
        await requireFolder(await checkout(), application);
      }
      const record = await visit(application);
      return { application: record, siblings, trees: isolated ? trees : new Map([['', root]]) };
    },
  };
}

async function requireFolder(root: string, application: string): Promise<void> {
  if ((await findFolder(root, application)) !== undefined) return;
  const folders = await listFolders(root);
  const present =
    folders.length > 0 ? `It has: ${folders.join(', ')}.` : 'It has no folder at all.';
  throw new BuildFailure('prepare', `The repository has no folder "${application}". ${present}`, {
    nextStep:
      'The name of an application in connect.yaml is the name of its folder: change one of the two, and tag again.',
  });
}

function outsideFailure(application: string, from: string, dependency: string): BuildFailure {
  return new BuildFailure(
    'prepare',
    `Application "${application}" depends on "${dependency}" (${from}/package.json), which lies outside of the repository.`,
    { nextStep: 'Move the folder into the repository, or publish it as a package.' },
  );
}

function missingDependency(application: string, from: string, dependency: string): BuildFailure {
  return new BuildFailure(
    'prepare',
    `Application "${application}" depends on "${dependency}" (${from}/package.json), which the repository does not have.`,
    { nextStep: 'Commit the folder, or correct the path, and tag again.' },
  );
}

function tooManyFailure(application: string): BuildFailure {
  return new BuildFailure(
    'prepare',
    `Application "${application}" depends on more than ${limits.siblings} folders of its repository.`,
    { nextStep: 'Join some of them.' },
  );
}
