import { constants } from 'node:fs';
import { cp } from 'node:fs/promises';
import { execa } from 'execa';
import { removeTree } from './work-folders.ts';

/** Copies a folder, links as they are; shares blocks where the file system can, never whole files. */
export async function copyTree(from: string, to: string): Promise<void> {
  if (process.platform === 'linux' && (await copyByProgram(from, to))) return;
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
  });
}

/** Several times faster than the calls one by one; not every `cp` knows how. */
async function copyByProgram(from: string, to: string): Promise<boolean> {
  const result = await execa('cp', ['-a', '--reflink=auto', '--', from, to], { reject: false });
  if (!result.failed) return true;
  await removeTree(to);
  return false;
}
