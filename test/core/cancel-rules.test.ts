import { describe, expect, test } from 'vitest';
import { hasEnded, refuseCancel } from '../../src/core/cancel-rules.ts';
import { operation } from '../support/records.ts';

describe('cancelling', () => {
  test.for(['queued', 'running', 'cancelled'] as const)('is possible while %s', (state) => {
    expect(() => refuseCancel(operation('o', { state }))).not.toThrow();
  });

  test('again is no mistake', () => {
    const asked = operation('o', { state: 'running', cancel: { at: 1, by: 'client' } });
    expect(() => refuseCancel(asked)).not.toThrow();
  });

  test.for(['succeeded', 'failed'] as const)('is refused once it has %s', (state) => {
    expect(() => refuseCancel(operation('o', { state }))).toThrow(
      `Operation id=o cannot be cancelled: it has ${state} already`,
    );
  });

  test('is refused with the reason of what cannot be undone', () => {
    const late = operation('o', { state: 'running', uncancellable: 'it is too late' });
    expect(() => refuseCancel(late)).toThrow('Operation id=o cannot be cancelled: it is too late');
  });
});

test.for([
  ['queued', false],
  ['running', false],
  ['succeeded', true],
  ['failed', true],
  ['cancelled', true],
] as const)('an operation that is %s has ended: %s', ([state, ended]) => {
  expect(hasEnded({ state })).toBe(ended);
});
