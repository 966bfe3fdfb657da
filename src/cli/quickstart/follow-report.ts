import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../core/failure.ts';
import type { ReportEntry } from '../../core/report.ts';
import type { Show } from './show.ts';

const pollMs = 50;
/** Installs may have to fetch a whole Node and every package over a slow line. */
const timeoutMs = 15 * 60_000;

/** Shows every entry of a growing report when it appears, until the record has settled. */
export async function followReport<T>(
  given: {
    readonly what: string;
    readonly read: () => Promise<T>;
    readonly entriesOf: (record: T) => readonly ReportEntry[];
    readonly isSettled: (record: T) => boolean;
  },
  show: Show,
  signal: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  const shown = new Set<string>();
  show.underWay([{ title: given.what }]);
  while (true) {
    const record = await given.read();
    const entries = given.entriesOf(record);
    for (const entry of entries) {
      const key = JSON.stringify(entry);
      if (shown.has(key) || isBeginning(entry)) continue;
      shown.add(key);
      show.step({ ...entry, at: Date.parse(entry.createdAt) });
    }
    if (given.isSettled(record)) return record;
    show.underWay([{ title: given.what }, ...entries.filter(isBeginning)]);
    if (Date.now() > deadline)
      throw new Failure(`${given.what}: not done after ${timeoutMs / 60_000} minutes.`);
    await wait(pollMs, undefined, { signal });
  }
}

/** Such an entry stands for a step that runs; the step's own entries replace it. */
function isBeginning({ type, title }: ReportEntry): boolean {
  return type === 'Information' && /^(Building|Waiting|Starting|Stopping|Running) /.test(title);
}
