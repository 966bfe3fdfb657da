import { z } from 'zod';
import type { StepEntry } from '../core/operation.ts';
import {
  type ChangePlace,
  changesOf,
  isBehind,
  type OperationChange,
  type OperationProgress,
} from '../core/operation-progress.ts';
import {
  operationSchema,
  operationStateSchema,
  operationStepSchema,
  printOperation,
  printOperationSummary,
  printStep,
} from './operation.ts';
import { printEntries } from './report.ts';
import type { ServerSentEvent } from './server-sent-event.ts';

/** HTML, §9.2.4. Nothing is the same as none. */
export const operationStreamHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^(\d{1,9}\.\d{1,9})?$/, 'Must be the id of an event of this stream')
    .transform(readPlace)
    .exactOptional()
    .meta({
      description: 'Goes on behind the event that has this id.',
      reads: { pattern: '^(\\d{1,9}\\.\\d{1,9})?$' },
    }),
});

const id = z.string();

export const operationEventSchema = z
  .union([
    z.object({ event: z.literal('operation'), id, data: operationSchema }),
    z.object({ event: z.enum(['step-started', 'step-ended']), id, data: operationStepSchema }),
    z.object({ event: z.literal('state'), id, data: operationStateSchema }),
    z.object({
      event: z.literal('end'),
      id: id.exactOptional(),
      data: z.object({ reason: z.enum(['finished', 'deleted']) }),
    }),
  ])
  .meta({
    id: 'OperationEvent',
    description:
      'One event of the stream, its `data` as JSON. The first is `operation`, unless `Last-Event-ID` says what is known ' +
      'already. `end` says that nothing will ever come again.',
  });

/** What there is to tell behind a place, and the place behind that; with no place, everything there is in one event. */
export function printProgress(
  progress: OperationProgress,
  entries: readonly StepEntry[],
  after: ChangePlace | undefined,
): { readonly events: readonly ServerSentEvent[]; readonly after: ChangePlace } {
  const changes = changesOf(progress);
  const newest = changes.at(-1)?.place ?? { number: progress.changes, part: 0 };
  if (after === undefined || after.number > progress.changes) {
    const data = printOperation(progress.operation, { steps: progress.steps, entries });
    return { events: [{ event: 'operation', id: printPlace(newest), data }], after: newest };
  }
  const events = changes
    .filter(({ place }) => isBehind(place, after))
    .map((change) => printChange(change, progress, entries));
  return { events, after: isBehind(newest, after) ? newest : after };
}

/** The operation has ended, or is gone. */
export function printEnd(reason: 'finished' | 'deleted', after?: ChangePlace): ServerSentEvent {
  const end = { event: 'end', data: { reason } };
  if (after === undefined) return end;
  return { ...end, id: printPlace(after) };
}

function printChange(
  change: OperationChange,
  progress: OperationProgress,
  entries: readonly StepEntry[],
): ServerSentEvent {
  const { place, kind, operation, step } = change;
  const its = printEntries(isReported(change) ? entriesOf(change, progress, entries) : []);
  const data = step === undefined ? printOperationSummary(operation) : printStep(operation, step);
  return { event: kind, id: printPlace(place), data: { ...data, entries: its } };
}

/** What a step or an operation reports is complete at its end. */
function isReported({ kind, operation }: OperationChange): boolean {
  return kind === 'step-ended' || (kind === 'state' && operation.finishedAt !== undefined);
}

function entriesOf(
  { step }: OperationChange,
  { steps }: OperationProgress,
  entries: readonly StepEntry[],
): readonly StepEntry[] {
  if (step !== undefined) return entries.filter((entry) => entry.step === step.name);
  const names = new Set(steps.map(({ name }) => name));
  return entries.filter((entry) => !names.has(entry.step));
}

function printPlace({ number, part }: ChangePlace): string {
  return `${number}.${part}`;
}

function readPlace(text: string): ChangePlace | undefined {
  if (text === '') return undefined;
  const [number, part] = text.split('.').map(Number);
  return { number: number ?? 0, part: part ?? 0 };
}
