import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyPackages } from './copy-tree.ts';
import type { FileDigests } from './file-digests.ts';
import type { FolderRecord } from './inspect.ts';
import { altersPackages } from './package-json.ts';
import type { ManagerChoice } from './package-manager.ts';
import { maxManagerFileBytes, readBounded } from './read-bounded.ts';
import { completeMark, isAsRecorded, recordFolder } from './recorded-folder.ts';
import { readUsage } from './usage-record.ts';
import { createWorkFolder, moveAway, moveIntoPlace, removeTree } from './work-folders.ts';

/** What installs have brought, kept for builds of the same lockfile. */
export interface DependencyLayers {
  /** Undefined where an install depends on more than the layer could know. */
  find(install: LayerInputs): Promise<DependencyLayer | undefined>;
  /** What each takes on the disk. */
  sizes(): Promise<ReadonlyMap<string, number>>;
  /** Those made at or after `usedSince` (ms since the epoch) stay: their artifact may not be there yet. */
  prune(keep: ReadonlySet<string>, usedSince: number): Promise<void>;
  /** A layer shares its files with artifacts: where those are damaged, so is it. */
  remove(key: string): Promise<void>;
}

export interface DependencyLayer {
  readonly key: string;
  /** Writes node_modules into the folder; false where there is none to be had. */
  restore(folder: string): Promise<boolean>;
  /** Keeps the node_modules of a folder that has just been installed. */
  save(folder: string): Promise<void>;
}

export interface LayerInputs {
  /** Absolute. */
  readonly folder: string;
  readonly record: FolderRecord;
  readonly manager: ManagerChoice;
  /** Everything else that an install depends on. */
  readonly surroundings: unknown;
}

const modules = 'node_modules';

export function openDependencyLayers(
  directory: string,
  workDirectory: string,
  digests: FileDigests,
): DependencyLayers {
  const remove = async (key: string) => {
    await using trash = await createWorkFolder(workDirectory);
    // Another build may have been faster.
    await moveAway(join(directory, key), join(trash.directory, key));
  };

  return {
    async find(install) {
      const key = await layerKey(install);
      if (key === undefined) return undefined;
      const place = join(directory, key);
      return {
        key,
        async restore(folder) {
          if (!existsSync(join(place, completeMark))) return false;
          // It shares its files with artifacts: a tool that wrote into one there has altered it.
          if (await isAsRecorded(join(place, modules), place, digests))
            return tryCopy(join(place, modules), join(folder, modules));
          await remove(key);
          return false;
        },
        async save(folder) {
          if (!existsSync(join(folder, modules))) return;
          await using work = await createWorkFolder(workDirectory);
          const layer = join(work.directory, 'layer');
          await mkdir(layer);
          await copyPackages(join(folder, modules), join(layer, modules));
          await recordFolder(join(layer, modules), layer, digests);
          await mkdir(directory, { recursive: true });
          await moveIntoPlace(layer, place);
        },
      };
    },
    remove,
    async sizes() {
      const present = await readdir(directory).catch(() => []);
      const sizes = new Map<string, number>();
      for (const key of present)
        sizes.set(key, (await readUsage(join(directory, key), { own: false })).bytes);
      return sizes;
    },
    async prune(keep, usedSince) {
      const present = await readdir(directory).catch(() => []);
      for (const key of present) {
        if (keep.has(key)) continue;
        const made = await stat(join(directory, key, completeMark)).catch(() => undefined);
        if (made === undefined || made.mtimeMs < usedSince) await remove(key);
      }
    },
  };
}

const npmLockfiles = ['npm-shrinkwrap.json', 'package-lock.json'];
const otherFiles = ['yarn.lock', '.npmrc', '.yarnrc'];

async function layerKey(install: LayerInputs): Promise<string | undefined> {
  const { folder, record, manager, surroundings } = install;
  const { packageJson } = record.facts;
  const isPlain = manager.name === 'npm' || manager.name === 'yarn-classic';
  if (!isPlain || !manager.locked || manager.hasWorkspaces || packageJson === undefined) return;
  if (altersPackages(packageJson) || record.localDependencies.length > 0) return;
  if (record.facts.files.has(modules)) return;
  const read = (name: string) => readText(join(folder, name));
  const locks = (await Promise.all(npmLockfiles.map(read))).map(withoutOwnVersion);
  const others = await Promise.all(otherFiles.map(read));
  const inputs = [manager, packageJson.resolution, locks, others, surroundings];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

/** Not what it was inspected as, where the build of a sibling has written there: the install will say so. */
async function readText(path: string): Promise<string> {
  const content = await readBounded(path, maxManagerFileBytes).catch(() => undefined);
  return content?.toString('utf8') ?? '';
}

/** A lockfile of npm repeats the application's own version, which every release of a connector changes. */
function withoutOwnVersion(lockfile: string): string {
  if (lockfile === '') return lockfile;
  try {
    const lock = withoutVersion(JSON.parse(lockfile));
    const packages = recordOf(lock['packages']);
    return JSON.stringify({ ...lock, packages: { ...packages, '': withoutVersion(packages['']) } });
  } catch {
    // Npm will say what is wrong with it, be it that it is nested too deeply.
    return lockfile;
  }
}

function withoutVersion(value: unknown): Readonly<Record<string, unknown>> {
  const { version: _, ...rest } = recordOf(value);
  return rest;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function tryCopy(from: string, to: string): Promise<boolean> {
  try {
    await copyPackages(from, to);
    return true;
  } catch {
    // Pruned meanwhile: the install is done as if there had been none.
    await removeTree(to);
    return false;
  }
}
