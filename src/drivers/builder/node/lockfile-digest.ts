import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CheckedOut } from './checkout.ts';
import type { BuildInputs } from './inputs.ts';
import type { FolderRecord } from './inspect.ts';
import { planManager } from './plan.ts';
import { managerFiles, maxManagerFileBytes, readBounded } from './read-bounded.ts';

/** An application whose folder has a lockfile. */
export interface LockedApplication {
  readonly application: string;
  readonly record: FolderRecord;
}

/** What it asks for is written outside of its folder, too. */
export function reachesOut({ facts, localDependencies }: FolderRecord): boolean {
  return localDependencies.length > 0 || facts.packageJson?.hasWorkspaces === true;
}

/** Equal for applications of one tree that ask for the same packages in the same versions of the same registry. */
export async function digestOfLockfile(
  { tree }: CheckedOut,
  { application, record }: LockedApplication,
): Promise<string> {
  const { facts } = record;
  const texts = await Promise.all(
    managerFiles
      .filter((name) => facts.files.has(name))
      .map(async (name) => [name, withoutOwnName(await readText(join(tree, application, name)))]),
  );
  const { packageJson } = facts;
  const inputs = [
    reachesOut(record) && application,
    planManager(facts),
    packageJson?.resolution,
    texts,
  ];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

/** Path in the repository → SHA-256 of what an install is told, of the application and the folders it depends on. */
export async function digestLockfiles(
  tree: string,
  { application, siblings }: BuildInputs,
): Promise<ReadonlyMap<string, string>> {
  const records = [application, ...siblings.map(({ record }) => record)];
  const paths = records.flatMap(({ place, facts }) =>
    managerFiles.filter((name) => facts.files.has(name)).map((name) => join(place, name)),
  );
  const digests = paths.map(async (path) => {
    const content = await readBounded(join(tree, path), maxManagerFileBytes);
    return [
      path,
      createHash('sha256')
        .update(content ?? '')
        .digest('hex'),
    ] as const;
  });
  return new Map(await Promise.all(digests));
}

async function readText(path: string): Promise<string> {
  return (await readBounded(path, maxManagerFileBytes))?.toString('utf8') ?? '';
}

/** A lockfile of npm begins with the application's own name and version, which nobody asks about. */
function withoutOwnName(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const lock: NpmLockfile = JSON.parse(text);
    const own = { name: '', version: '' };
    return JSON.stringify({
      ...lock,
      ...own,
      packages: { ...lock.packages, '': { ...lock.packages?.[''], ...own } },
    });
  } catch {
    // Npm will say what is wrong with it, be it that it is nested too deeply.
    return text;
  }
}

interface NpmLockfile {
  readonly packages?: Readonly<Record<string, object>>;
}
