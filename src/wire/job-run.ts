import { z } from 'zod';
import { type JobRun, jobRunStates, jobRunTriggers } from '../core/job-run.ts';
import { logQuerySchema } from './deployment-log.ts';
import { pageQuery, pageSchema, repeatable } from './page.ts';
import { oneInProject } from './parameters.ts';
import { idSchema } from './parse.ts';

const applicationName = z.string().min(1).max(256);

export const oneJob = oneInProject.extend({ applicationName });
export const oneJobRun = oneInProject.extend({
  runId: idSchema.transform((id) => id.toLowerCase()),
});

/** Newest first; there is nothing to sort by. */
export const jobRunsParameters = z.object({
  limit: pageQuery.limit,
  offset: pageQuery.offset,
  applicationName: applicationName.exactOptional(),
  state: repeatable(z.enum(jobRunStates)).meta({
    description: 'May be given several times; what fits one of its values is in.',
  }),
});

export const jobRunLogsParameters = z.object({ pageToken: logQuerySchema.shape.pageToken });

export const jobRunSchema = z
  .object({
    id: z.uuid(),
    deploymentId: z.uuid(),
    applicationName: z.string(),
    trigger: z.enum(jobRunTriggers).meta({
      description:
        '`missed-schedule`: its tick passed while Berth did not run, and the job makes up for that.',
    }),
    state: z.enum(jobRunStates),
    scheduledFor: z.iso.datetime().meta({
      description: 'Its time in the schedule, or when it was asked for.',
    }),
    requestedBy: z.string().exactOptional().meta({
      description: 'Id of the API client that asked for it.',
    }),
    startedAt: z.iso.datetime().exactOptional(),
    finishedAt: z.iso.datetime().exactOptional(),
    durationMs: z.int().exactOptional().meta({ description: 'Of one that began and has ended.' }),
    status: z.int().exactOptional().meta({
      description: 'What the application answered. 2xx is a success.',
    }),
    reason: z.string().exactOptional().meta({ description: 'Why there is no answer, or no run.' }),
  })
  .meta({ id: 'JobRun' });

export const jobRunPageSchema = pageSchema(jobRunSchema).meta({ id: 'JobRunPagedQueryResponse' });

export function printJobRun(run: JobRun): z.input<typeof jobRunSchema> {
  const { requestedBy, startedAt, finishedAt, status, reason } = run;
  return {
    id: run.id,
    deploymentId: run.deploymentId,
    applicationName: run.applicationName,
    trigger: run.trigger,
    state: run.state,
    scheduledFor: printTime(run.scheduledFor),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(startedAt === undefined ? {} : { startedAt: printTime(startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: printTime(finishedAt) }),
    ...(startedAt === undefined || finishedAt === undefined
      ? {}
      : { durationMs: Math.max(0, finishedAt - startedAt) }),
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function printTime(ms: number): string {
  return new Date(ms).toISOString();
}
