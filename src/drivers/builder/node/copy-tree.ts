import { constants, type Dirent } from 'node:fs';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { removeTree } from './work-folders.ts';

/** Copies a folder, links as they are; shares blocks where the file system can, never whole files. */
export async function copyTree(from: string, to: string): Promise<void> {
  if (await copyByProgram(['-a', '--reflink=auto'], from, to)) return;
  await cp(from, to, copyOptions);
}

/** Copies a built tree, but shares the files of installed packages: they are nearly all of it. */
export async function copyAroundPackages(from: string, to: string): Promise<void> {
  if (await linkTree(from, to)) await unshare(from, to);
  else await copyTree(from, to);
}

/** Copies a node_modules folder, but shares the files of its packages. */
export async function copyPackages(from: string, to: string): Promise<void> {
  if (await linkTree(from, to)) await unsharePackages(from, to);
  else await copyTree(from, to);
}

async function unshare(from: string, to: string): Promise<void> {
  for (const entry of await readdir(to, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name === 'node_modules' && entry.isDirectory()) await unsharePackages(source, target);
    else if (entry.isDirectory()) await unshare(source, target);
    else await replace(source, target);
  }
}

/** What begins with a dot belongs to tools that write there, but for pnpm's own store of packages. */
async function unsharePackages(from: string, to: string): Promise<void> {
  const isOwn = ({ name }: Dirent) => name.startsWith('.') && name !== '.pnpm';
  const entries = (await readdir(to, { withFileTypes: true })).filter(isOwn);
  for (const { name } of entries) await replace(join(from, name), join(to, name));
}

const copyOptions = {
  recursive: true,
  verbatimSymlinks: true,
  preserveTimestamps: true,
  mode: constants.COPYFILE_FICLONE,
};

async function replace(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true });
  await cp(from, to, copyOptions);
}

async function linkTree(from: string, to: string): Promise<boolean> {
  return copyByProgram(['-al'], from, to);
}

/** Several times faster than the calls one by one; not every `cp` knows how. */
async function copyByProgram(flags: readonly string[], from: string, to: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const result = await execa('cp', [...flags, '--', from, to], { reject: false });
  if (result.failed) await removeTree(to);
  return !result.failed;
}
