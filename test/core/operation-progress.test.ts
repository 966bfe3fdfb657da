import { describe, expect, test } from 'vitest';
import {
  changesOf,
  isBehind,
  type OperationProgress,
  type StepProgress,
} from '../../src/core/operation-progress.ts';
import { operation } from '../support/records.ts';

function step(name: string, more: Partial<StepProgress> = {}): StepProgress {
  return { operationId: 'a', name, startedAt: 1, begunAs: 0, ...more };
}

function tell(progress: Partial<OperationProgress>): readonly string[] {
  const all = { operation: operation('a'), changes: 9, steps: [], ...progress };
  return changesOf(all).map(
    ({ place, kind, operation: { state, attempt, cancel }, step: its }) =>
      `${place.number}.${place.part} ${kind} ${its?.name ?? ''} ${state} ${attempt}${cancel === undefined ? '' : ' asked'}`,
  );
}

const running = operation('a', { state: 'running', attempt: 1, startedAt: 5 });
const cancel = { at: 6, by: 'somebody' };

describe('what happened to an operation', () => {
  test('is nothing while it waits', () => {
    expect(tell({ changes: 0 })).toEqual([]);
  });

  test('comes in the order of its numbers, each with the operation as it was then', () => {
    const ended = { ...running, state: 'failed', attempt: 2, cancel, finishedAt: 9 } as const;
    const steps = [
      step('a', { begunAs: 1, endedAs: 3, finishedAt: 2 }),
      step('b', { begunAs: 2 }),
      step('c', { begunAs: 6 }),
    ];
    expect(
      tell({ operation: ended, steps, cancelRequestedAs: 4, claimedAs: 5, endedAs: 7 }),
    ).toEqual([
      '1.0 step-started a running 1',
      '2.0 step-started b running 1',
      '3.0 step-ended a running 1',
      '4.0 state  running 1 asked',
      '5.0 state  running 2 asked',
      '6.0 step-started c running 2 asked',
      '7.0 step-ended b failed 2 asked',
      '7.1 step-ended c failed 2 asked',
      '7.2 state  failed 2 asked',
    ]);
  });

  test('may be that it was cancelled while it waited', () => {
    const ended = operation('a', { state: 'cancelled', cancel, finishedAt: 9 });
    expect(tell({ operation: ended, cancelRequestedAs: 1, endedAs: 2 })).toEqual([
      '1.0 state  queued 0 asked',
      '2.0 state  cancelled 0 asked',
    ]);
  });

  test('is not told of what was not counted', () => {
    const steps = [
      step('a', { endedAs: 0, finishedAt: 2 }),
      step('b', { endedAs: 1, finishedAt: 3 }),
    ];
    expect(tell({ operation: running, steps })).toEqual(['1.0 step-ended b running 1']);
  });
});

test.for([
  [{ number: 1, part: 0 }, { number: 1, part: 0 }, false],
  [{ number: 1, part: 1 }, { number: 1, part: 0 }, true],
  [{ number: 2, part: 0 }, { number: 1, part: 5 }, true],
  [{ number: 1, part: 5 }, { number: 2, part: 0 }, false],
] as const)('%o is behind %o: %s', ([place, other, is]) => {
  expect(isBehind(place, other)).toBe(is);
});
