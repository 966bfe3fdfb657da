import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileSystemDisk } from '../../../src/drivers/disk/file-system/file-system-disk.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

test('tells of the disk with the least room, also of a folder that is still to come', async () => {
  const folder = await makeTempFolder();
  const coming = join(folder, 'not', 'made', 'yet');
  const space = await openFileSystemDisk([coming]).space();
  const { blocks, bsize } = await statfs(folder);
  expect(space).toMatchObject({ folder: coming, totalBytes: blocks * bsize });
  expect(space.freeBytes).toBeGreaterThan(0);
  expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
});
