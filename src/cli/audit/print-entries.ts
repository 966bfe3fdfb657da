import type { Actor, NumberedEntry } from '../../core/audit-log.ts';
import { changedFields } from '../../core/changed-fields.ts';
import { printTable } from '../print-table.ts';

const columns = ['TIME', 'PROJECT', 'WHO', 'ACTION', 'RESOURCE', 'CHANGED'] as const;
const maxFields = 6;

/** A table for people, one line for each entry. */
export function printEntries(entries: readonly NumberedEntry[]): string {
  if (entries.length === 0) return 'No entries.\n';
  return printTable(columns, entries.map(printRow));
}

function printRow(entry: NumberedEntry): readonly string[] {
  const { typeId, id, key } = entry.resource;
  return [
    new Date(entry.at).toISOString(),
    entry.projectKey,
    printActor(entry.actor),
    entry.action,
    `${typeId} ${id}${key === undefined ? '' : ` (${key})`}`,
    printChange(entry),
  ];
}

function printActor(actor: Actor): string {
  if (actor.type === 'operator') return actor.type;
  const { clientId, issuer, subject } = actor;
  const of = subject ?? (issuer === undefined ? undefined : 'of another issuer');
  return of === undefined ? clientId : `${clientId} (${of})`;
}

function printChange({ before, after, shortened }: NumberedEntry): string {
  if (before === undefined) return 'created';
  if (after === undefined) return 'deleted';
  const changed = changedFields(before, after);
  const fields = changed.length === 0 ? ['version'] : changed;
  const more = fields.length - maxFields;
  const shown = fields.slice(0, maxFields).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return shortened ? `${shown} (shortened)` : shown;
}
