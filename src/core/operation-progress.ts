import type { Operation, StepTimes } from './operation.ts';

/**
 * An operation of one moment. Each of its changes has a number, in the order of the commits that made them; 0 where nobody
 * counted yet.
 */
export interface OperationProgress {
  readonly operation: Operation;
  /** The number of the newest change. */
  readonly changes: number;
  /** Of the newest claim. */
  readonly claimedAs?: number;
  readonly cancelRequestedAs?: number;
  readonly endedAs?: number;
  /** In the order in which they began. */
  readonly steps: readonly StepProgress[];
}

export interface StepProgress extends StepTimes {
  readonly begunAs: number;
  readonly endedAs?: number;
}

/** What happened, and the operation as it was then. */
export interface OperationChange {
  readonly place: ChangePlace;
  readonly kind: 'state' | 'step-started' | 'step-ended';
  readonly operation: Operation;
  /** Of a step's change. */
  readonly step?: StepTimes;
}

/** One commit may be several changes. */
export interface ChangePlace {
  readonly number: number;
  readonly part: number;
}

export function isBehind(place: ChangePlace, other: ChangePlace): boolean {
  return place.number > other.number || (place.number === other.number && place.part > other.part);
}

/** Everything that can still be told of what happened, in its order. */
export function changesOf(progress: OperationProgress): readonly OperationChange[] {
  const { claimedAs, cancelRequestedAs, endedAs, steps } = progress;
  const changes = [
    ...numbered(claimedAs, 'state'),
    ...numbered(cancelRequestedAs, 'state'),
    ...steps.flatMap(({ finishedAt, ...step }) => [
      ...numbered(step.begunAs, 'step-started', step),
      ...numbered(step.endedAs, 'step-ended', withTime(step, finishedAt)),
    ]),
    // What had not ended when the operation did ended with it.
    ...steps
      .filter((step) => step.finishedAt === undefined)
      .flatMap((step) => numbered(endedAs, 'step-ended', step)),
    ...numbered(endedAs, 'state'),
  ].toSorted((one, other) => one.number - other.number);
  return [...Map.groupBy(changes, ({ number }) => number).values()].flatMap((together) =>
    together.map(({ number, kind, step }, part) => ({
      place: { number, part },
      kind,
      operation: asOf(progress, number),
      ...(step === undefined ? {} : { step }),
    })),
  );
}

function numbered(number: number | undefined, kind: OperationChange['kind'], step?: StepTimes) {
  return number === undefined || number === 0 ? [] : [{ number, kind, step }];
}

function withTime(step: StepTimes, finishedAt: number | undefined): StepTimes {
  return finishedAt === undefined ? step : { ...step, finishedAt };
}

function asOf(progress: OperationProgress, number: number): Operation {
  const { claimedAs = 0, cancelRequestedAs = 0, endedAs = 0 } = progress;
  const { startedAt, finishedAt, cancel, ...operation } = progress.operation;
  const attempt = operation.attempt - (claimedAs > number ? 1 : 0);
  const isEnded = finishedAt !== undefined && endedAs <= number;
  return {
    ...operation,
    attempt,
    state: isEnded ? operation.state : attempt > 0 ? 'running' : 'queued',
    ...(startedAt === undefined || attempt === 0 ? {} : { startedAt }),
    ...(cancel === undefined || cancelRequestedAs > number ? {} : { cancel }),
    ...(isEnded ? { finishedAt } : {}),
  };
}
