import type { Manifest } from '../../compose/backup/format.ts';
import { printTable } from '../print-table.ts';

/** How an engine numbers its rows is nothing that people have filled. */
const ofEngines = ['sqlite_sequence', 'identity_sequence'];

export function printManifest({ berth, createdAt, keyId, tables }: Manifest): string {
  const filled = tables.filter(({ table }) => !ofEngines.includes(table));
  return [
    `Made by Berth ${berth} at ${createdAt}; ${keyId === null ? 'no secrets' : `secrets need the key ${keyId}`}.\n\n`,
    printTable(
      ['PART', 'TABLE', 'ROWS'],
      filled.map(({ part, table, rows }) => [part, table, String(rows)]),
    ),
  ].join('');
}
