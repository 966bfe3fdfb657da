import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/parse-config.ts';
import { settings } from '../config/settings.ts';
import { defaultFloorBytes } from '../core/disk-room.ts';
import { blockFolder } from '../drivers/log-store/sqlite/block-files.ts';
import type { DiskSpace } from '../ports/disk.ts';
import { dataLayout } from './data-layout.ts';
import { chooseBudgets, openDisk } from './disk-limits.ts';

export interface UsedDisk {
  readonly disk: DiskSpace;
  readonly floorBytes: number;
  readonly uses: readonly DiskUse[];
}

export interface DiskUse {
  readonly what: string;
  readonly bytes: number;
  /** Absent: as large as what it is for. */
  readonly maxBytes?: number;
  readonly setting?: string;
}

export async function readDiskUsage(config: Config): Promise<UsedDisk> {
  const disk = openDisk(config);
  const space = await disk.space();
  const budgets = await chooseBudgets(disk, config.disk);
  const layout = dataLayout(config.dataDirectory);
  const tools = config.toolDirectory ?? layout.tools;
  // Artifacts share the files of packages with the layers: each is counted once.
  const seen = new Set<number>();
  const built = (name: string) => bytesOf([join(layout.builds, name)], seen);
  const database = (file: string) => bytesOf([file, `${file}-wal`, `${file}-shm`]);
  const logs = async (file: string) =>
    (await database(file)) + (await bytesOf([blockFolder(file)]));
  const layers = await built('layers');
  const artifacts = await built('artifacts');
  const uses: readonly DiskUse[] = [
    { what: 'records', bytes: await database(layout.store) },
    {
      ...{ what: 'logs', bytes: await logs(layout.logs), maxBytes: budgets.logs },
      setting: settings.logsMb.variable,
    },
    {
      ...{ what: 'events', bytes: await database(layout.events), maxBytes: budgets.events },
      setting: settings.eventsMb.variable,
    },
    {
      ...{ what: 'artifacts and packages', bytes: artifacts + layers, maxBytes: budgets.artifacts },
      setting: settings.artifactsMb.variable,
    },
    { what: 'builds under way', bytes: (await built('work')) + (await built('workspaces')) },
    {
      ...{ what: 'sources', bytes: await bytesOf([layout.sources]), maxBytes: budgets.sources },
      setting: settings.sourcesMb.variable,
    },
    {
      ...{ what: 'download caches', bytes: await bytesOf([join(tools, 'cache')]) },
      ...(config.toolDirectory === undefined
        ? { maxBytes: budgets.caches, setting: settings.cachesMb.variable }
        : {}),
    },
    { what: 'what runs', bytes: await bytesOf([layout.runs]) },
  ];
  return {
    disk: space,
    floorBytes: config.disk.floorBytes ?? defaultFloorBytes(space.totalBytes),
    uses,
  };
}

const bytesPerBlock = 512;

async function bytesOf(paths: readonly string[], seen = new Set<number>()): Promise<number> {
  let sum = 0;
  for (const path of paths) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || (found.nlink > 1 && !found.isDirectory() && seen.has(found.ino)))
      continue;
    if (found.nlink > 1) seen.add(found.ino);
    sum += found.blocks * bytesPerBlock;
    if (!found.isDirectory()) continue;
    const names = await readdir(path).catch(() => []);
    sum += await bytesOf(
      names.map((name) => join(path, name)),
      seen,
    );
  }
  return sum;
}
