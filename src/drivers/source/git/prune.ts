import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../../../ports/source.ts';
import type { Cache } from './cache.ts';

type Measure = (gitDirectory: string) => Promise<number>;

export async function pruneCommits(
  cache: Cache,
  measure: Measure,
  { maxBytes, usedSince }: Parameters<Source['prune']>[0],
): Promise<void> {
  await cache.sweep();
  const commits = (await cache.list()).toSorted((one, other) => one.usedAt - other.usedAt);
  const sizes = new Map<string, number>();
  for (const { gitDirectory } of commits) sizes.set(gitDirectory, await measure(gitDirectory));
  let total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const { gitDirectory, usedAt } of commits) {
    if (total <= maxBytes) return;
    if (usedAt >= usedSince) continue;
    await cache.discard(gitDirectory);
    total -= sizes.get(gitDirectory) ?? 0;
  }
}

/** A commit's repository never changes, so each is measured once. */
export function createMeasure(): Measure {
  const known = new Map<string, number>();
  return async (gitDirectory) => {
    const bytes = known.get(gitDirectory) ?? (await filesBytes(gitDirectory));
    if (known.size >= mostKnown) known.clear();
    known.set(gitDirectory, bytes);
    return bytes;
  };
}

const mostKnown = 10_000;
const bytesPerBlock = 512;

async function filesBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  let sum = 0;
  for (const entry of entries) {
    const found = await lstat(join(directory, entry)).catch(() => undefined);
    sum += (found?.blocks ?? 0) * bytesPerBlock;
  }
  return sum;
}
