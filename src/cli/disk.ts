import { Command } from 'commander';
import { readDiskUsage, type UsedDisk } from '../compose/disk-usage.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import { printBytes } from '../core/disk-room.ts';
import { printTable } from './print-table.ts';

export function diskCommand(): Command {
  return new Command('disk')
    .showHelpAfterError('(--help shows what there is)')
    .description('show what takes how much of the disk in BERTH_DATA_DIR, and what it may take')
    .option('--json', 'one JSON object, in bytes')
    .action(async ({ json }: { readonly json?: true }) => {
      const usage = await readDiskUsage(parseConfig(readEnv()));
      process.stdout.write(json ? `${JSON.stringify(usage)}\n` : print(usage));
    });
}

function print({ disk, floorBytes, uses }: UsedDisk): string {
  const rows = uses.map(({ what, bytes, maxBytes, setting }) => [
    what,
    printBytes(bytes),
    maxBytes === undefined ? '' : printBytes(maxBytes),
    setting ?? '',
  ]);
  const isFull = disk.freeBytes < floorBytes;
  return [
    printTable(['WHAT', 'TAKES', 'AT MOST', 'SETTING'], rows),
    `\n${printBytes(disk.freeBytes)} of ${printBytes(disk.totalBytes)} are free; new work needs ${printBytes(floorBytes)} (BERTH_DISK_FLOOR_MB)`,
    isFull ? ' and is REFUSED now.\n' : '.\n',
  ].join('');
}
