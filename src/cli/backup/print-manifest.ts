import type { Manifest } from '../../compose/backup/format.ts';
import { printTable } from '../print-table.ts';

export function printManifest({ berth, createdAt, keyId, tables }: Manifest): string {
  const filled = tables.filter(({ table }) => table !== 'sqlite_sequence');
  return [
    `Made by Berth ${berth} at ${createdAt}; ${keyId === null ? 'no secrets' : `secrets need the key ${keyId}`}.\n\n`,
    printTable(
      ['PART', 'TABLE', 'ROWS'],
      filled.map(({ part, table, rows }) => [part, table, String(rows)]),
    ),
  ].join('');
}
