import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Disk, DiskSpace } from '../../../ports/disk.ts';

/** Asks the operating system. A folder that is not there yet will be on the disk of the one it comes into. */
export function openFileSystemDisk(folders: readonly [string, ...string[]]): Disk {
  return {
    async space() {
      const spaces = await Promise.all(folders.map(spaceOf));
      return spaces.reduce((least, one) => (one.freeBytes < least.freeBytes ? one : least));
    },
  };
}

async function spaceOf(folder: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const parent = dirname(folder);
    if (!isMissing || parent === folder) throw error;
    return { ...(await spaceOf(parent)), folder };
  }
}
