import { z } from 'zod';
import type { ReportEntry } from '../core/report.ts';

/** Contract §3.5. */
export const reportSchema = z
  .object({
    entries: z
      .array(
        z
          .object({
            type: z.enum(['Information', 'Warning', 'Error']),
            title: z.string(),
            message: z.string().exactOptional(),
            application: z.string().exactOptional(),
            createdAt: z.iso.datetime(),
          })
          .meta({ id: 'ReportEntry' }),
      )
      .readonly(),
  })
  .meta({ id: 'Report' });

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
