import type { Observation } from './observe.ts';

/** How much a figure may grow from the second quarter of a soak to its last. */
export interface Bound {
  readonly factor: number;
  /** On top, in the figure's own unit. */
  readonly plus: number;
}

export interface Verdict {
  readonly figure: string;
  /** Medians of the second and of the last quarter. */
  readonly before: number;
  readonly after: number;
  readonly limit: number;
  readonly holds: boolean;
}

const flat: Bound = { factor: 1, plus: 2 };

/**
 * What is kept on purpose, each bounded by a setting or by what exists: the audit log (`BERTH_AUDIT_LOG_ENTRIES`), and the
 * tables and files around it. Everything else must be as it was.
 */
const kept: ReadonlyMap<string, Bound> = new Map([
  // V8 grows its heap when it pays; a leak of a few KB for each operation is above this at 1,500 operations.
  ['control plane MB', { factor: 1.15, plus: 20 }],
  ['data plane MB', { factor: 1.15, plus: 20 }],
  // Connections that are kept for the next request.
  ['control plane files', { factor: 1, plus: 16 }],
  ['data plane files', { factor: 1, plus: 16 }],
  ['berth.db KB', { factor: Number.POSITIVE_INFINITY, plus: 0 }],
  ['rows berth.audit_log', { factor: Number.POSITIVE_INFINITY, plus: 0 }],
  // SQLite gives pages back to itself, not to the disk.
  ['logs.db KB', { factor: 1.5, plus: 8192 }],
  ['events.db KB', { factor: 1.5, plus: 1024 }],
  // Lines of those that live: each redeploy adds a few.
  ['rows logs.log_block', { factor: 1.5, plus: 200 }],
]);

export function judge(observations: readonly Observation[]): readonly Verdict[] {
  const quarter = Math.max(1, Math.floor(observations.length / 4));
  const second = observations.slice(quarter, 2 * quarter);
  const last = observations.slice(-quarter);
  return Object.keys(observations.at(-1)?.figures ?? {}).map((figure) => {
    const before = median(second.map(({ figures }) => figures[figure] ?? 0));
    const after = median(last.map(({ figures }) => figures[figure] ?? 0));
    const { factor, plus } = kept.get(figure) ?? flat;
    const limit = before * factor + plus;
    return { figure, before, after, limit, holds: !(after > limit) };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
