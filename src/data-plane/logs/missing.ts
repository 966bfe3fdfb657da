import type { LogEntry } from '../../core/log-entry.ts';
import { ownEntry } from './own-entry.ts';

type Origin = Pick<LogEntry, 'deploymentId' | 'applicationName'>;

/** What could not be kept, by application, until somebody can be told where it is missing. */
export interface Missing {
  add(origin: Origin, lines: number): void;
  readonly total: number;
  /** An entry for the log of each application that misses something. Then it begins anew. */
  takeEntries(now: number, reason: string): readonly LogEntry[];
}

export function countMissing(): Missing {
  const byApplication = new Map<string, { readonly origin: Origin; lines: number }>();
  let total = 0;
  return {
    add(origin, lines) {
      const key = applicationKey(origin);
      const known = byApplication.get(key);
      if (known === undefined) byApplication.set(key, { origin, lines });
      else known.lines += lines;
      total += lines;
    },
    get total() {
      return total;
    },
    takeEntries(now, reason) {
      const entries = [...byApplication.values()].map(({ origin, lines }) =>
        ownEntry(
          origin,
          now,
          `${lines === 1 ? '1 entry is' : `${lines} entries are`} missing before this one. ${reason}`,
        ),
      );
      byApplication.clear();
      total = 0;
      return entries;
    },
  };
}

export function applicationKey({ deploymentId, applicationName }: Origin): string {
  return `${deploymentId}/${applicationName}`;
}
