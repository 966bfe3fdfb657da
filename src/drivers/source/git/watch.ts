import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const intervalMs = 250;

/** Looks at a growing repository until `ended`; calls `tooLarge` once a pack in it exceeds `maxBytes`. */
export async function watchSize(
  gitDirectory: string,
  maxBytes: number,
  tooLarge: () => void,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await setTimeout(intervalMs, undefined, { signal: ended }).catch(() => {
      // The only way it can fail is that the wait is over.
    });
    if ((await largestPack(gitDirectory)) > maxBytes) return tooLarge();
  }
}

async function largestPack(gitDirectory: string): Promise<number> {
  const directory = join(gitDirectory, 'objects', 'pack');
  const names = await readdir(directory).catch(() => [] as string[]);
  const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
  return Math.max(0, ...sizes);
}

/** A file that was renamed since it was listed is measured under its new name the next time. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
