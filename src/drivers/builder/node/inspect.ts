import type { Dirent } from 'node:fs';
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import { shown } from './input-failures.ts';
import { importsWithAssert } from './node-version.ts';
import { type PackageJson, parsePackageJson } from './package-json.ts';
import type { FolderFacts } from './plan.ts';
import { anywhere, localDependencies, packagePathsOutside, pathsOutside } from './reach.ts';
import {
  absent,
  managerFiles,
  maxManagerFileBytes,
  readBounded,
  UnreadableFile,
} from './read-bounded.ts';

/** What a folder of the repository holds, and what it uses beyond itself. */
export interface FolderRecord {
  readonly facts: FolderFacts;
  /** Where the folder really is in the repository: it may be a link. */
  readonly place: string;
  /** As package.json writes them, relative to `place`. */
  readonly localDependencies: readonly string[];
  /** Other paths of the repository that it names: they may change the outcome. */
  readonly outside: ReadonlySet<string>;
}

export async function inspectFolder(root: string, folder: string): Promise<FolderRecord> {
  const directory = await findFolder(root, folder);
  if (directory === undefined) throw new Error(`The checkout has no folder ${folder}.`);
  const place = relative(await realpath(root), directory);
  const files = new Set(await readdir(directory));
  for (const name of [...managerFiles, 'Procfile'])
    if (files.has(name)) await requireReadable(directory, folder, name);
  const packageJson = await readPackageJson(directory, folder);
  const scanned = await scanFiles(directory, place);
  const facts: FolderFacts = {
    files,
    packageJson,
    procfile: await readStart(join(directory, 'Procfile')),
    yarnLock: await readStart(join(directory, 'yarn.lock')),
    pnpmLock: await readStart(join(directory, 'pnpm-lock.yaml')),
    hasYarnRelease: await hasYarnRelease(directory),
    importsWithAssert: scanned.importsWithAssert,
  };
  return {
    facts,
    place,
    localDependencies: packageJson === undefined ? [] : localDependencies(packageJson),
    outside: new Set([
      ...(place === folder ? [] : [anywhere]),
      ...(packageJson === undefined ? [] : packagePathsOutside(packageJson, place)),
      ...scanned.pathsOutside,
    ]),
  };
}

/** The folder's real place, refused where a link leads out of the repository; undefined where there is none. */
export async function findFolder(root: string, folder: string): Promise<string | undefined> {
  const place = await realpath(join(root, folder)).catch(absent);
  if (place === undefined || !(await stat(place)).isDirectory()) return undefined;
  return isInside(await realpath(root), place) ? place : undefined;
}

export function isInside(root: string, place: string): boolean {
  const path = relative(root, place);
  return path !== '..' && !path.startsWith(`..${sep}`);
}

/** The names of the folders at the top of the repository, for messages. */
export async function listFolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map((entry) => entry.name).sort();
}

async function readPackageJson(
  directory: string,
  folder: string,
): Promise<PackageJson | undefined> {
  try {
    const content = await readBounded(join(directory, 'package.json'), maxPackageJsonBytes);
    return content && parsePackageJson(content.toString('utf8'));
  } catch (cause) {
    throw unreadable(`${folder}/package.json`, cause);
  }
}

const maxPackageJsonBytes = 1024 * 1024;

async function requireReadable(directory: string, folder: string, name: string): Promise<void> {
  try {
    await readBounded(join(directory, name), maxManagerFileBytes);
  } catch (cause) {
    throw unreadable(`${folder}/${name}`, cause);
  }
}

function unreadable(path: string, cause: unknown): BuildFailure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BuildFailure('prepare', `${path} cannot be read: ${shown(reason)}.`, {
    nextStep: 'Correct the file, and commit and tag again.',
    cause,
  });
}

const startBytes = 16 * 1024;

/** The first part of a file: enough for a Procfile, and for the version in a lockfile. */
async function readStart(path: string): Promise<string | undefined> {
  const content = await readBounded(path, maxManagerFileBytes).catch((error: unknown) => {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  });
  return content?.toString('utf8', 0, startBytes);
}

async function hasYarnRelease(directory: string): Promise<boolean> {
  const settings = (await readStart(join(directory, '.yarnrc.yml'))) ?? '';
  const [, path] = /^yarnPath:\s*["']?([^"'\n]+?)["']?\s*$/m.exec(settings) ?? [];
  if (path === undefined || !isInside(directory, join(directory, path))) return false;
  return (await stat(join(directory, path)).catch(absent))?.isFile() ?? false;
}

const skippedFolders = new Set(['node_modules', '.git', '.yarn']);
const skippedFiles =
  /^(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|.*\.(?:md|map|svg))$/i;
const scanLimits = { files: 10_000, fileBytes: 512 * 1024 };

async function scanFiles(directory: string, folder: string) {
  const found: string[] = [];
  const pending = [''];
  let files = 0;
  let asserts = false;
  for (let subfolder = pending.pop(); subfolder !== undefined; subfolder = pending.pop()) {
    for (const entry of await readdir(join(directory, subfolder), { withFileTypes: true })) {
      files += 1;
      if (files > scanLimits.files) return { pathsOutside: [anywhere], importsWithAssert: asserts };
      if (!entry.isDirectory()) {
        const text = await readScanned(join(directory, subfolder), entry);
        found.push(...pathsOutside(text, { folder, subfolder }));
        asserts ||= importsWithAssert(entry.name, text);
      } else if (!skippedFolders.has(entry.name)) pending.push(posix.join(subfolder, entry.name));
    }
  }
  return { pathsOutside: found, importsWithAssert: asserts };
}

/** Of a link, where it leads. */
async function readScanned(directory: string, entry: Dirent): Promise<string> {
  const path = join(directory, entry.name);
  if (entry.isSymbolicLink()) return readlink(path);
  if (!entry.isFile() || skippedFiles.test(entry.name)) return '';
  return (await stat(path)).size > scanLimits.fileBytes ? '' : readFile(path, 'utf8');
}
