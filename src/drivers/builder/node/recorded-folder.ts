import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileDigests } from './file-digests.ts';
import { listTree } from './list-tree.ts';
import { describeTree, findDifference, parseManifest, printManifest } from './manifest.ts';
import { sha256 } from './sha256.ts';

/** The list of its files: a folder without one is not complete. */
const listFile = 'files.jsonl';
/** Made last. Holds the digest of the list. */
export const completeMark = 'complete';

/** Writes down in `place` what `folder` holds, for whoever wants to know later whether it still does. */
export async function recordFolder(
  folder: string,
  place: string,
  digests: FileDigests,
): Promise<void> {
  const files = printManifest(await describeTree(folder, await listTree(folder), digests));
  await writeFile(join(place, listFile), files);
  await writeFile(join(place, completeMark), sha256(files));
}

/** False too where nothing was written down, or only half of it. */
export async function isAsRecorded(
  folder: string,
  place: string,
  digests: FileDigests,
): Promise<boolean> {
  try {
    const files = await readFile(join(place, listFile), 'utf8');
    if ((await readFile(join(place, completeMark), 'utf8')) !== sha256(files)) return false;
    const compared = { digests, matters: () => true };
    const items = await listTree(folder);
    return (await findDifference(folder, items, parseManifest(files), compared)) === undefined;
  } catch {
    // Of an earlier version, or pruned meanwhile.
    return false;
  }
}
