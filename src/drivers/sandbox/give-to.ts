import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from './system-mounts.ts';

/** With fewer this is done before a program has been started. */
const most = 256;

/**
 * Makes somebody the owner of a folder and of all that is in it; links themselves, never what they lead to. Path by path: only
 * where nobody can put a link in the place of a folder meanwhile. False where there is too much, with some of it done.
 */
export async function giveTo({ uid, gid }: Identity, folder: string): Promise<boolean> {
  const folders = [folder];
  let count = 0;
  for (let place = folders.pop(); place !== undefined; place = folders.pop()) {
    const entries = await readdir(place, { withFileTypes: true });
    count += entries.length;
    if (count > most) return false;
    const paths = entries.map(({ name }) => join(place, name));
    folders.push(...paths.filter((_, index) => entries[index]?.isDirectory()));
    await Promise.all(paths.map((path) => lchown(path, uid, gid)));
  }
  await lchown(folder, uid, gid);
  return true;
}
