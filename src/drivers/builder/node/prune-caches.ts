import { renameSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { treeBytes } from './tree-bytes.ts';
import { createWorkFolder } from './work-folders.ts';

/** A package manager's cache goes as a whole: one of which a part is gone is damaged to some of them. */
export async function pruneCaches(
  directory: string,
  { maxBytes, isIdle }: { readonly maxBytes: number; readonly isIdle: () => boolean },
): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const caches: { readonly name: string; readonly bytes: number }[] = [];
  for (const name of names)
    caches.push({ name, bytes: await treeBytes(join(directory, name), { own: false }) });
  let total = caches.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of caches.toSorted((one, other) => other.bytes - one.bytes)) {
    if (total <= maxBytes) return;
    await using trash = await createWorkFolder(join(directory, '..', 'work'));
    // Nothing can begin between the question and the move.
    if (!isIdle()) return;
    renameSync(join(directory, name), join(trash.directory, name));
    total -= bytes;
  }
}
