import { z } from 'zod';
import { type LogEntry, logEntryTypes, severities } from '../core/log-entry.ts';
import { repeatable } from './page.ts';

const isoDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?<zone>Z|[+-]\d\d:\d\d)?)?$/i;

/** Of ISO 8601; a day is its beginning, and what names no zone is UTC wherever the server stands. */
export const dateSchema = z
  .string()
  .max(64)
  .transform((text, context) => {
    const match = isoDate.exec(text);
    const isLocal = match?.[1] !== undefined && match.groups?.['zone'] === undefined;
    const time = match === null ? Number.NaN : Date.parse(isLocal ? `${text}Z` : text);
    if (Number.isNaN(time))
      context.addIssue({ code: 'custom', message: 'Must be an ISO 8601 date' });
    return time;
  });

const severityFilter = repeatable(z.enum(severities)).meta({
  description: 'May be given several times; what fits one of its values is in.',
});

/** Contract §5.6; `severity` is Berth's own. */
export const logQuerySchema = z.object({
  applicationName: z.string().min(1).max(256).exactOptional(),
  severity: severityFilter,
  startDate: dateSchema.exactOptional(),
  endDate: dateSchema.exactOptional(),
  pageToken: z.string().max(1024).exactOptional(),
});

/** Of a stream of logs. Without a date it begins now. */
export const logStreamQuerySchema = z.object({
  applicationName: logQuerySchema.shape.applicationName,
  severity: severityFilter,
  startDate: logQuerySchema.shape.startDate.meta({
    description: 'Also what is there already since then. Without it the stream begins now.',
  }),
});

/** HTML, §9.2.4. Nothing is the same as none. */
export const logStreamHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{0,15}$/, 'Must be the id of an event of this stream')
    .exactOptional()
    .meta({ description: 'Goes on behind the event that has this id.' }),
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

/** What travels in a stream of logs. */
export const logEventSchema = z
  .union([
    z.object({
      event: z.literal('log'),
      id: z.string(),
      data: logEntrySchema,
    }),
    z.object({ event: z.literal('end'), data: z.object({ reason: z.literal('deleted') }) }),
  ])
  .meta({
    id: 'DeploymentLogEvent',
    description:
      'One event of the stream, its `data` as JSON. `end` says that nothing will ever come again.',
  });

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
    data: page.entries.map(printLogEntry),
    next: page.next ?? '',
  };
}

export function printLogEntry(entry: LogEntry): z.input<typeof logEntrySchema> {
  return {
    type: entry.type,
    deploymentId: entry.deploymentId,
    applicationName: entry.applicationName,
    severity: entry.severity,
    timestamp: new Date(entry.timestamp).toISOString(),
    details: entry.details,
  };
}
