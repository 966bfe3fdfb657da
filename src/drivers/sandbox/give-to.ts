import { lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './system-mounts.ts';

/** With fewer this is done, in calls that block, before a program has been started. */
const most = 256;

/**
 * Makes somebody the owner of a folder and of all that is in it; links themselves, never what they lead to. Path by path: only
 * where nobody can put a link in the place of a folder meanwhile. False where there is too much, with some of it done.
 */
export function giveTo({ uid, gid }: Identity, folder: string): boolean {
  const folders = [folder];
  let count = 0;
  for (let place = folders.pop(); place !== undefined; place = folders.pop()) {
    const entries = readdirSync(place, { withFileTypes: true });
    count += entries.length;
    if (count > most) return false;
    const paths = entries.map(({ name }) => join(place, name));
    folders.push(...paths.filter((_, index) => entries[index]?.isDirectory()));
    for (const path of paths) lchownSync(path, uid, gid);
  }
  lchownSync(folder, uid, gid);
  return true;
}
