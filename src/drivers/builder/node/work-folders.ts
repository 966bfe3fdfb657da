import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcessesOf, isRunning, processMark } from './processes.ts';

/** A folder that belongs to this process of Berth and goes with it. */
export interface WorkFolder extends AsyncDisposable {
  readonly directory: string;
}

export async function createWorkFolder(parent: string): Promise<WorkFolder> {
  const name = `${processMark(process.pid)}-${randomBytes(6).toString('hex')}`;
  const directory = join(parent, name);
  await mkdir(directory, { recursive: true });
  return { directory, [Symbol.asyncDispose]: () => clear(directory) };
}

/** Removes what processes of Berth that are gone have left, and ends what still runs there. */
export async function sweepLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const leftovers = names.filter(isLeftover).map((name) => join(parent, name));
  // One that resists now is tried again the next time Berth starts.
  await Promise.allSettled(leftovers.map(clear));
}

export async function removeTree(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** All at once. Where another process was faster, its folder stays: equal names hold equal things. */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** All at once; nothing where it is gone already. */
export async function moveAway(from: string, to: string): Promise<void> {
  await rename(from, to).catch(ignoreMissing);
}

export function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function clear(directory: string): Promise<void> {
  await endProcessesOf(directory);
  await removeTree(directory);
}

function isLeftover(name: string): boolean {
  const [owner = ''] = /^\d+-\d+/.exec(name) ?? [];
  return !isRunning(owner);
}
