import { realpathSync } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { findOwnPackage } from './tool-packages.ts';

/** What a sandbox shows of Berth's own programs. */
export interface ToolFolders {
  readonly tools: readonly string[];
  readonly caches: readonly string[];
  readonly hidden: readonly string[];
}

/** Makes the download caches, and hands them to whoever confined programs are. */
export async function findToolFolders(
  toolDirectory: string,
  sandbox: Sandbox,
): Promise<ToolFolders> {
  const cache = cacheOf(toolDirectory, sandbox);
  const others = [ownCache, confinedCache].map((name) => join(toolDirectory, name));
  for (const folder of others) await mkdir(folder, { recursive: true });
  if (sandbox.separation === 'bubblewrap' && (await isOwn(cache))) await sandbox.handOver(cache);
  const packages = await Promise.all(['npm', 'yarn'].map(findOwnPackage));
  const node = process.execPath;
  return {
    tools: [toolDirectory, ...packages.map(({ directory }) => directory), node, realpathSync(node)],
    caches: [cache],
    hidden: others.filter((folder) => folder !== cache),
  };
}

/** Or what is in it, as earlier versions left it. */
async function isOwn(cache: string): Promise<boolean> {
  const folders = [cache, ...(await readdir(cache)).map((name) => join(cache, name))];
  // One may go in between, when it is too large.
  const stats = await Promise.all(folders.map((folder) => lstat(folder).catch(() => undefined)));
  return stats.some((stat) => stat?.uid === process.getuid?.());
}

const ownCache = 'cache';
const confinedCache = 'cache-confined';

/** Downloads of all package managers, shared by all builds. Confined ones may be another user's and have their own. */
export function cacheOf(
  toolDirectory: string,
  { separation }: Pick<Sandbox, 'separation'>,
): string {
  return join(toolDirectory, separation === 'none' ? ownCache : confinedCache);
}
