import { readdir, readlink } from 'node:fs/promises';

/** How many files of a folder this process has open. Linux only. */
export async function countOpenFiles(folder: string): Promise<number> {
  const fds = await readdir('/proc/self/fd');
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return links.filter((link) => link.startsWith(`${folder}/`)).length;
}
