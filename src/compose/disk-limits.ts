import type { Config } from '../config/parse-config.ts';
import {
  type BudgetKind,
  defaultBudgetBytes,
  defaultFloorBytes,
  requireRoom,
} from '../core/disk-room.ts';
import { openFileSystemDisk } from '../drivers/disk/file-system/file-system-disk.ts';
import type { Disk, Room } from '../ports/disk.ts';
import { dataLayout } from './data-layout.ts';

/** Bytes that each kind of data may take. */
export type DiskBudgets = { readonly [K in BudgetKind]: number };

export function openDisk({ dataDirectory, toolDirectory }: Config): Disk {
  return openFileSystemDisk([dataDirectory, toolDirectory ?? dataLayout(dataDirectory).tools]);
}

export function openRoom(disk: Disk, { floorBytes }: Config['disk']): Room {
  return {
    async require() {
      const space = await disk.space();
      requireRoom(space, floorBytes ?? defaultFloorBytes(space.totalBytes));
    },
  };
}

export async function chooseBudgets(disk: Disk, given: Config['disk']): Promise<DiskBudgets> {
  const { totalBytes } = await disk.space();
  const of = (kind: BudgetKind) => given[kind] ?? defaultBudgetBytes(kind, totalBytes);
  return {
    artifacts: of('artifacts'),
    sources: of('sources'),
    caches: of('caches'),
    logs: of('logs'),
    events: of('events'),
  };
}
