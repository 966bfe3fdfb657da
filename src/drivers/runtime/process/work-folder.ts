import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlatformRedirect } from '../../../ports/runtime.ts';
import {
  nodeOptions,
  nodeShim,
  processEnvironment,
  systemPath,
  workLayout,
} from './environment.ts';
import { type OwnPlace, preloadProgram } from './preload.ts';

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

/**
 * Lays out HOME, TMPDIR, the preload and the `node` shim of one process tree. Answers its environment. In calls that block: all
 * of it takes them two milliseconds, and promises in a busy process took up to eighteen.
 */
export async function makeWorkFolder(
  work: string,
  needs: WorkNeeds,
): Promise<Record<string, string>> {
  const layout = workLayout(work);
  const options = nodeOptions(layout.preload, needs.memoryMb);
  if (existsSync(work)) await removeWorkFolder(work);
  mkdirSync(layout.home, { recursive: true, mode: 0o700 });
  mkdirSync(layout.temporary);
  mkdirSync(layout.common);
  writeShim(layout, needs, options);
  writePreload(layout, needs, options);
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

/** The ports that the preload wrote down. Whatever the application has put there: it is neither waited for nor followed. */
export function readOtherPorts(file: string): readonly number[] {
  try {
    const lines = readStart(file, 4096).split('\n');
    return [...new Set(lines.map(Number).filter((port) => port > 0))].sort((a, b) => a - b);
  } catch {
    // None was opened, or the folder went with its application.
    return [];
  }
}

function readStart(file: string, bytes: number): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, bytes, 0));
  } finally {
    closeSync(fd);
  }
}

/** It answers at a socket, in a network of its own. */
export function hasSocket({ place }: WorkNeeds): boolean {
  return place !== undefined && 'path' in place;
}

type Layout = ReturnType<typeof workLayout>;

function writeShim(layout: Layout, needs: WorkNeeds, options: string): void {
  mkdirSync(layout.shimFolder);
  const executable = needs.nodeExecutable ?? findNode([...needs.path, ...systemPath]);
  if (executable === undefined) return;
  writeFileSync(layout.shim, nodeShim(executable, options), { mode: 0o755 });
}

function writePreload(layout: Layout, needs: WorkNeeds, options: string): void {
  mkdirSync(layout.preloadFolder);
  const program = preloadProgram({
    nodeOptions: options,
    place: needs.place,
    portsFile: hasSocket(needs) ? layout.portsBesideSocket : layout.ports,
    platformRedirect: needs.platformRedirect,
  });
  writeFileSync(layout.preload, program);
  writeFileSync(layout.ports, '');
}

function findNode(path: readonly string[]): string | undefined {
  return path.map((folder) => join(folder, 'node')).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
