import { z } from 'zod';
import { type Actor, auditedTypes, type NumberedEntry } from '../core/audit-log.ts';
import { dateSchema } from './deployment-log.ts';
import { pageQuery, pageSchema } from './page.ts';

const { limit, offset } = pageQuery;
const name = z.string().min(1).max(256);

export const auditLogParameters = z.object({
  limit,
  offset,
  resourceId: name.exactOptional().meta({
    description: 'Id of a resource. Also finds the operations and runs of jobs that work on it.',
  }),
  actor: name
    .exactOptional()
    .meta({ description: 'Id of an API client, subject of an outside token, or `operator`.' }),
  action: name.exactOptional(),
  from: dateSchema.exactOptional(),
  to: dateSchema.exactOptional(),
});

const actorSchema = z
  .object({
    type: z.enum(['client', 'operator']),
    clientId: z.string().exactOptional(),
    issuer: z
      .literal('other')
      .exactOptional()
      .meta({ description: 'Where the token, and so the client, is of another issuer.' }),
    subject: z
      .string()
      .exactOptional()
      .meta({ description: 'Whom a token of another issuer names.' }),
  })
  .meta({ id: 'AuditLogActor' });

const shownSchema = z.record(z.string(), z.unknown()).readonly();

export const auditLogEntrySchema = z
  .object({
    sequence: z.int(),
    at: z.iso.datetime(),
    projectKey: z.string(),
    actor: actorSchema,
    correlationId: z.string(),
    /** The name of the endpoint (`operationId` of this description), or of the operator's command. */
    action: z.string(),
    resource: z.object({
      typeId: z.enum(auditedTypes),
      id: z.string(),
      key: z.string().exactOptional(),
      /** Of an operation, or a run of a job. */
      subject: z
        .object({ typeId: z.enum(['deployment', 'connector']), id: z.string() })
        .exactOptional(),
    }),
    before: shownSchema.exactOptional().meta({
      description: 'As the API shows it, secrets as digests. Absent where it was created.',
    }),
    after: shownSchema.exactOptional().meta({ description: 'Absent where nothing is left of it.' }),
    shortened: z
      .boolean()
      .meta({ description: 'Something was left out of `before` or `after`: they were too large.' }),
  })
  .meta({ id: 'AuditLogEntry' });

export const auditLogPageSchema = pageSchema(auditLogEntrySchema).meta({
  id: 'AuditLogPagedQueryResponse',
});

export function printAuditLogEntry(entry: NumberedEntry) {
  return {
    sequence: entry.sequence,
    at: new Date(entry.at).toISOString(),
    projectKey: entry.projectKey,
    actor: printActor(entry.actor),
    correlationId: entry.correlationId,
    action: entry.action,
    resource: entry.resource,
    ...(entry.before === undefined ? {} : { before: entry.before }),
    ...(entry.after === undefined ? {} : { after: entry.after }),
    shortened: entry.shortened,
  };
}

function printActor(actor: Actor) {
  if (actor.type === 'operator') return { type: actor.type };
  const { type, clientId, issuer, subject } = actor;
  return {
    type,
    clientId,
    ...(issuer === undefined ? {} : { issuer }),
    ...(subject === undefined ? {} : { subject }),
  };
}
