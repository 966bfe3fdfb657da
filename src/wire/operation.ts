import { z } from 'zod';
import {
  type Operation,
  operationStates,
  type StepEntry,
  type StepTimes,
} from '../core/operation.ts';
import { pageQuery, pageSchema, repeatable } from './page.ts';
import { idSchema, projectKeySchema } from './parse.ts';
import { printEntries, reportSchema } from './report.ts';

export const oneOperation = z.object({
  projectKey: projectKeySchema,
  id: idSchema.transform((id) => id.toLowerCase()),
});

const { limit, offset } = pageQuery;
const states = repeatable(z.enum(operationStates));
/** Each filter may be given several times; what fits one of its values is in. */
export const operationsOfOneParameters = z.object({ limit, offset, state: states });
export const operationsParameters = z.object({
  limit,
  offset,
  state: states,
  deploymentId: repeatable(idSchema),
  connectorId: repeatable(idSchema),
});

/** What people call it: a `deploy` of the engine is three things to them. */
export const operationKindNames = [
  'preview',
  'publish',
  'deploy',
  'redeploy',
  'rollback',
  'undeploy',
] as const;

const entriesSchema = reportSchema.shape.entries;

const stepSchema = z.object({
  /** `fetch-source`, `build/my-service`… */
  name: z.string(),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().exactOptional(),
  durationMs: z.int().exactOptional(),
});

const summary = {
  id: z.uuid(),
  kind: z.enum(operationKindNames),
  state: z.enum(operationStates),
  subject: z.object({ typeId: z.enum(['deployment', 'connector']), id: z.uuid() }),
  /** 0 while it is queued; more than 1 where it was interrupted. */
  attempt: z.int(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().exactOptional(),
  finishedAt: z.iso.datetime().exactOptional(),
  cancelRequest: z.object({ requestedAt: z.iso.datetime(), clientId: z.string() }).exactOptional(),
};

export const operationStepSchema = z
  .object({ ...stepSchema.shape, entries: entriesSchema })
  .meta({ id: 'OperationStep' });

const otherEntriesSchema = entriesSchema.meta({
  description: 'Of the report, those that belong to no step.',
});

/** Without its steps. */
export const operationStateSchema = z
  .object({ ...summary, entries: otherEntriesSchema })
  .meta({ id: 'OperationWithoutSteps' });

export const operationSchema = z
  .object({
    ...summary,
    steps: z.array(operationStepSchema).readonly(),
    entries: otherEntriesSchema,
  })
  .meta({ id: 'Operation' });

export const operationPageSchema = pageSchema(operationSchema).meta({
  id: 'OperationPagedQueryResponse',
});

export function printOperation(
  operation: Operation,
  {
    steps,
    entries,
  }: { readonly steps: readonly StepTimes[]; readonly entries: readonly StepEntry[] },
) {
  const byStep = Map.groupBy(entries, ({ step }) => step);
  const names = new Set(steps.map(({ name }) => name));
  return {
    ...printOperationSummary(operation),
    steps: steps.map((step) => ({
      ...printStep(operation, step),
      entries: printEntries(byStep.get(step.name) ?? []),
    })),
    entries: printEntries(entries.filter(({ step }) => !names.has(step))),
  };
}

export function printOperationSummary(operation: Operation) {
  const { startedAt, finishedAt, cancel } = operation;
  return {
    id: operation.id,
    kind: printKind(operation),
    state: operation.state,
    subject: printSubject(operation),
    attempt: operation.attempt,
    createdAt: printTime(operation.createdAt),
    ...(startedAt === undefined ? {} : { startedAt: printTime(startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: printTime(finishedAt) }),
    ...(cancel === undefined
      ? {}
      : { cancelRequest: { requestedAt: printTime(cancel.at), clientId: cancel.by } }),
  };
}

/** What had not ended when the operation did ended with it. */
export function printStep(operation: Operation, { name, startedAt, finishedAt }: StepTimes) {
  const endedAt = finishedAt ?? operation.finishedAt;
  return {
    name,
    state: stateOf(operation, finishedAt !== undefined),
    startedAt: printTime(startedAt),
    ...(endedAt === undefined
      ? {}
      : { finishedAt: printTime(endedAt), durationMs: Math.max(0, endedAt - startedAt) }),
  };
}

function stateOf({ state }: Operation, isDone: boolean) {
  if (isDone) return 'succeeded';
  return state === 'queued' ? 'running' : state;
}

/** A Deployment's first version is its creation. */
function printKind({ input }: Operation): (typeof operationKindNames)[number] {
  if (input.kind !== 'deploy') return input.kind;
  if (input.rollbackRevision !== undefined) return 'rollback';
  return input.version > 1 ? 'redeploy' : 'deploy';
}

function printSubject({ input }: Operation) {
  return 'deploymentId' in input
    ? ({ typeId: 'deployment', id: input.deploymentId } as const)
    : ({ typeId: 'connector', id: input.connectorId } as const);
}

function printTime(ms: number): string {
  return new Date(ms).toISOString();
}
