import { z } from 'zod';
import { type LogEntry, logEntryTypes, severities } from '../core/log-entry.ts';

export const dateSchema = z
  .string()
  .max(64)
  .transform((text, context) => {
    const time = Date.parse(text);
    if (Number.isNaN(time))
      context.addIssue({ code: 'custom', message: 'Must be an ISO 8601 date' });
    return time;
  });

/** Contract §5.6. */
export const logQuerySchema = z.object({
  applicationName: z.string().min(1).max(256).exactOptional(),
  startDate: dateSchema.exactOptional(),
  endDate: dateSchema.exactOptional(),
  pageToken: z.string().max(1024).exactOptional(),
});

export const logEntrySchema = z
  .object({
    type: z.enum(logEntryTypes),
    deploymentId: z.uuid(),
    applicationName: z.string(),
    severity: z.enum(severities),
    timestamp: z.iso.datetime(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'DeploymentLog' });

export const logPageSchema = z
  .object({
    data: z.array(logEntrySchema).readonly(),
    next: z.string(),
  })
  .meta({ id: 'DeploymentLogCursorPagedQueryResponse' });

/** `next` is always there: without it the official CLI asks for further pages for ever (contract §5.6). */
export function printLogPage(page: {
  readonly entries: readonly LogEntry[];
  readonly next?: string;
}) {
  return {
    data: page.entries.map((entry) => ({
      type: entry.type,
      deploymentId: entry.deploymentId,
      applicationName: entry.applicationName,
      severity: entry.severity,
      timestamp: new Date(entry.timestamp).toISOString(),
      details: entry.details,
    })),
    next: page.next ?? '',
  };
}
