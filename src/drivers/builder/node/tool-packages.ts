import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BuildFailure } from '../../../core/failure.ts';
import type { Environment } from './build-environment.ts';
import type { FileDigests } from './file-digests.ts';
import { isAsRecorded, recordFolder } from './recorded-folder.ts';
import { runTool } from './run-tool.ts';
import { createWorkFolder, moveAway, moveIntoPlace } from './work-folders.ts';

/** A package whose programs Berth runs. */
export interface ToolPackage {
  readonly version: string;
  readonly directory: string;
}

export interface ToolPackages {
  /** From the tool directory; brought there on first use, once, and again where it is not what was brought. */
  fetch(name: string, version: string): Promise<ToolPackage>;
  /** Undefined where it would have to be brought first. */
  find(name: string, version: string): Promise<ToolPackage | undefined>;
}

export interface ToolPackageOptions {
  readonly toolDirectory: string;
  readonly timeoutMs: number;
  /** The environment of an install whose home is the folder given. */
  readonly environmentIn: (home: string) => Environment;
  readonly digests: FileDigests;
}

/** One of Berth's own dependencies. */
export async function findOwnPackage(name: string): Promise<ToolPackage> {
  return readPackage(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

export function openToolPackages(options: ToolPackageOptions): ToolPackages {
  const running = new Map<string, Promise<ToolPackage>>();
  /** Places whose every file was compared: each is read once in the life of this process. */
  const intact = new Set<string>();
  const find: ToolPackages['find'] = async (name, version) => {
    const { place, file } = placeOf(options, name, version);
    if (!intact.has(place) && !(await isIntact(place, options.digests))) return undefined;
    const present = await readPackage(file).catch(() => undefined);
    if (present !== undefined) intact.add(place);
    return present;
  };
  const bring = async (name: string, version: string): Promise<ToolPackage> =>
    (await find(name, version)) ?? (await fetchPackage(options, name, version));

  return {
    find,
    fetch(name, version) {
      const spec = `${name}@${version}`;
      const started = running.get(spec) ?? bring(name, version).finally(() => running.delete(spec));
      running.set(spec, started);
      return started;
    },
  };
}

const modules = 'node_modules';

function isIntact(place: string, digests: FileDigests): Promise<boolean> {
  return isAsRecorded(join(place, modules), place, digests);
}

function placeOf({ toolDirectory }: ToolPackageOptions, name: string, version: string) {
  const folder = `${name}-${version}`.replaceAll('/', '-').replace('@', '');
  const place = join(toolDirectory, folder);
  return { place, file: join(place, modules, name, 'package.json') };
}

async function fetchPackage(
  options: ToolPackageOptions,
  name: string,
  version: string,
): Promise<ToolPackage> {
  const { place, file } = placeOf(options, name, version);
  await using work = await createWorkFolder(join(options.toolDirectory, 'work'));
  const directory = join(work.directory, 'package');
  await mkdir(directory);
  await install(options, `${name}@${version}`, directory);
  await recordFolder(join(directory, modules), directory, options.digests);
  // What is there is damaged, or of an earlier version of Berth, unless another process was faster.
  if (!(await isIntact(place, options.digests)))
    await moveAway(place, join(work.directory, 'damaged'));
  await moveIntoPlace(directory, place);
  return await readPackage(file);
}

async function install(
  { timeoutMs, environmentIn }: ToolPackageOptions,
  spec: string,
  directory: string,
): Promise<void> {
  const npm = await findOwnPackage('npm');
  const flags = ['--ignore-scripts', '--no-package-lock', `--prefix=${directory}`];
  const result = await runTool({
    file: process.execPath,
    args: [join(npm.directory, 'bin/npm-cli.js'), 'install', ...flags, '--', spec],
    directory,
    environment: environmentIn(dirname(directory)),
    timeoutMs,
    // Several builds may wait for it: it goes on when one of them is given up.
    signal: new AbortController().signal,
    onOutput: () => undefined,
  });
  if (result.outcome === 'success') return;
  const ending = result.outcome === 'timed-out' ? 'it took too long' : result.reason;
  throw new BuildFailure(
    'prepare',
    `${spec}, which the build needs, could not be fetched: ${ending}.`,
    {
      nextStep:
        'It is fetched once: see that the npm registry can be reached from here, then try again.',
      output: result.tail,
    },
  );
}

async function readPackage(file: string): Promise<ToolPackage> {
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed;
  if (!version || typeof parsed.version !== 'string') throw new Error(`${file} has no version.`);
  return { version: parsed.version, directory: dirname(file) };
}
