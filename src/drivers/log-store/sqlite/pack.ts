import type { CollectedLogs, LogOutput } from '../../../ports/log-store.ts';
import { printEntry } from './block.ts';

/** Entries of one application, printed, with a line feed between each two of them. */
export interface PackedEntries {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly lines: string;
}

/**
 * What goes to the thread of the database. Entries go as text: one string is copied to the other thread, not each field of each of them.
 * Those of one application stay in their order, also with its output.
 */
export function packLogs(items: readonly CollectedLogs[]): readonly (PackedEntries | LogOutput)[] {
  const packed: (Pack | LogOutput)[] = [];
  const open = new Map<string, Pack>();
  for (const item of items) {
    const key = `${item.deploymentId}/${item.applicationName}`;
    if ('output' in item) {
      open.delete(key);
      packed.push(item);
      continue;
    }
    const { details } = item;
    const line = printEntry({
      ...item,
      details: typeof details === 'string' ? details : JSON.stringify(details),
    });
    const pack = open.get(key);
    if (pack !== undefined) {
      pack.lines += `\n${line}`;
      continue;
    }
    const { deploymentId, applicationName } = item;
    const begun = { deploymentId, applicationName, lines: line };
    open.set(key, begun);
    packed.push(begun);
  }
  return packed;
}

type Pack = { -readonly [Field in keyof PackedEntries]: PackedEntries[Field] };
