import type { ReportEntry } from '../core/report.ts';

/** Contract §3.5: absent rather than null, which every client reads. */
export function printEntries(entries: readonly ReportEntry[]) {
  return entries.map(({ type, title, message, application, createdAt }) => ({
    type,
    title,
    ...(message === undefined ? {} : { message }),
    ...(application === undefined ? {} : { application }),
    createdAt,
  }));
}
