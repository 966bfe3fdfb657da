import type { AuditResult } from '../../../core/audit.ts';

/** What a registry has said of a lockfile a short while ago is not asked again: tags follow each other, advisories take days. */
export interface RecentAudits {
  find(digest: string): AuditResult | undefined;
  /** One that had no answer is tried again the next time. */
  add(digest: string, result: AuditResult): void;
}

const freshMs = 10 * 60_000;
const maxEntries = 1_000;

export function createRecentAudits(now = () => performance.now()): RecentAudits {
  /** The oldest first. */
  const entries = new Map<string, { readonly result: AuditResult; readonly at: number }>();
  return {
    find(digest) {
      const entry = entries.get(digest);
      return entry !== undefined && now() - entry.at < freshMs ? entry.result : undefined;
    },
    add(digest, result) {
      if (result.outcome === 'skipped' && result.refused !== true) return;
      entries.delete(digest);
      entries.set(digest, { result, at: now() });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
}
