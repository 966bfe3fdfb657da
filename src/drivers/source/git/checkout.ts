import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { explainBroken } from './explain.ts';
import { type OpenedCommit, requireCommit } from './read.ts';

/** All of the tree or nothing: a directory that is not complete is removed. */
export async function writeTree(opened: OpenedCommit, path: string): Promise<void> {
  const directory = resolve(path);
  await requireCommit(opened);
  await mkdir(dirname(directory), { recursive: true });
  await mkdir(directory);
  try {
    await readTree(opened, directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

async function readTree(opened: OpenedCommit, directory: string): Promise<void> {
  const { git, gitDirectory, commit, shown, signal } = opened;
  // An index of its own: several checkouts of one commit may run at once.
  const index = join(directory, `.index-${randomUUID()}`);
  const result = await git([`--work-tree=${directory}`, 'read-tree', '--reset', '-u', commit], {
    gitDirectory,
    signal,
    environment: { GIT_INDEX_FILE: index },
  });
  if (result.end !== 'success') throw explainBroken(result, `writing the files of ${shown}`);
  await rm(index, { force: true });
}
