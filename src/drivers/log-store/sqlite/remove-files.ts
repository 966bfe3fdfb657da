import { readdir, rm } from 'node:fs/promises';
import { pathOf, writtenAt } from './block-files.ts';

/** So long after it was written a file has its blocks, or whoever wrote it was ended before it had any. */
const settledMs = 60 * 60 * 1000;

/** Names of files that were written so long ago. */
export async function listSettledFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const before = Date.now() - settledMs;
  return names.filter((name) => (writtenAt(name) ?? before) < before);
}

/** As many as can be. @returns why the others could not */
export async function removeFiles(
  folder: string,
  names: readonly string[],
): Promise<readonly unknown[]> {
  const reasons: unknown[] = [];
  for (const name of names) {
    const path = pathOf(folder, name);
    if (path === undefined) continue;
    await rm(path, { force: true }).catch((error: unknown) => reasons.push(error));
  }
  return reasons;
}
