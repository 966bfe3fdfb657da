import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What a folder takes on the disk, in bytes. Files that other folders share by hard links are left out where `own` is
 * asked for: whoever keeps them counts them. What vanishes meanwhile counts nothing.
 */
export async function treeBytes(directory: string, { own }: { own: boolean }): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory());
  const sizes = await Promise.all(files.map(({ name }) => fileBytes(join(directory, name), own)));
  let sum = blockBytes + sizes.reduce((total, bytes) => total + bytes, 0);
  // One folder after another: a tree of packages has thousands, and nobody waits.
  for (const entry of entries)
    if (entry.isDirectory()) sum += await treeBytes(join(directory, entry.name), { own });
  return sum;
}

/** Of a folder itself, roughly. */
const blockBytes = 4096;
const bytesPerBlock = 512;

async function fileBytes(path: string, own: boolean): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || (own && found.nlink > 1)) return 0;
  // Some file systems count no blocks.
  return Math.max(found.blocks * bytesPerBlock, found.blocks === 0 ? found.size : 0);
}
