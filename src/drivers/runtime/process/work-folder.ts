import { readFileSync } from 'node:fs';
import { access, constants, copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlatformRedirect } from '../../../ports/runtime.ts';
import {
  nodeOptions,
  nodeShim,
  processEnvironment,
  systemPath,
  workLayout,
} from './environment.ts';

/** A loopback port, or a socket that only its gateway reaches (its path as the application sees it). */
export type OwnPlace = { readonly port: number } | { readonly path: string };

export interface WorkNeeds {
  readonly path: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The node that `node` on PATH means; absent: the first one on `path`. */
  readonly nodeExecutable?: string;
  readonly memoryMb?: number;
  /** What 8080 means to the application. Absent: 8080. */
  readonly place?: OwnPlace;
  readonly platformRedirect?: PlatformRedirect;
}

const preloadTemplate = join(import.meta.dirname, 'preload');
const preloadFiles = [
  'main.cjs',
  'child-processes.cjs',
  'own-port.cjs',
  'link-local.cjs',
  'platform-redirect.cjs',
] as const;

/** Lays out HOME, TMPDIR, the preload and the `node` shim of one process tree. Answers its environment. */
export async function makeWorkFolder(
  work: string,
  needs: WorkNeeds,
): Promise<Record<string, string>> {
  const layout = workLayout(work);
  const options = nodeOptions(layout.preload, needs.memoryMb);
  await removeWorkFolder(work);
  await mkdir(layout.home, { recursive: true, mode: 0o700 });
  await Promise.all([
    mkdir(layout.temporary),
    mkdir(layout.sockets),
    writeShim(layout, needs, options),
    writePreload(layout, needs, options),
  ]);
  return processEnvironment({
    work,
    path: needs.path,
    environment: needs.environment,
    nodeOptions: options,
  });
}

export async function removeWorkFolder(work: string): Promise<void> {
  await rm(work, { recursive: true, force: true, maxRetries: 3 });
}

/** The ports that the preload wrote down. */
export function readOtherPorts(work: string): readonly number[] {
  try {
    const lines = readFileSync(workLayout(work).ports, 'utf8').slice(0, 4096).split('\n');
    return [...new Set(lines.map(Number).filter((port) => port > 0))].sort((a, b) => a - b);
  } catch {
    // None was opened, or the folder went with its application.
    return [];
  }
}

type Layout = ReturnType<typeof workLayout>;

async function writeShim(layout: Layout, needs: WorkNeeds, options: string): Promise<void> {
  await mkdir(layout.shimFolder);
  const executable = needs.nodeExecutable ?? (await findNode([...needs.path, ...systemPath]));
  if (executable === undefined) return;
  await writeFile(layout.shim, nodeShim(executable, options), { mode: 0o755 });
}

async function writePreload(layout: Layout, needs: WorkNeeds, options: string): Promise<void> {
  await mkdir(layout.preloadFolder);
  const config = {
    nodeOptions: options,
    place: needs.place,
    platformRedirect: needs.platformRedirect,
  };
  await Promise.all([
    ...preloadFiles.map((name) =>
      copyFile(join(preloadTemplate, name), join(layout.preloadFolder, name)),
    ),
    writeFile(layout.preloadConfig, JSON.stringify(config)),
    writeFile(layout.ports, ''),
  ]);
}

async function findNode(path: readonly string[]): Promise<string | undefined> {
  for (const folder of path) {
    const candidate = join(folder, 'node');
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
