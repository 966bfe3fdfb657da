import { expect, test } from 'vitest';
import { BuildFailure, describeFailure, SourceFailure } from '../../src/core/failure.ts';

test.for([
  {
    name: 'what happened, what to do and the last output',
    error: new BuildFailure('install', 'npm failed.', { nextStep: 'Mend it.', output: 'E404' }),
    text: 'npm failed.\nMend it.\nLast output:\nE404',
  },
  {
    name: 'nothing of an output that is empty',
    error: new SourceFailure('refused', 'Not allowed.', { output: '' }),
    text: 'Not allowed.',
  },
  { name: 'the message of any other error', error: new TypeError('x is null'), text: 'x is null' },
  { name: 'what was thrown, where it is no error', error: 5, text: '5' },
])('a report says $name', ({ error, text }) => {
  expect(describeFailure(error)).toBe(text);
});

test('a failure goes by its class and keeps its cause', () => {
  const cause = new Error('deep down');
  const failure = new SourceFailure('unreachable', 'Gone.', { cause });
  expect(failure).toMatchObject({ name: 'SourceFailure', reason: 'unreachable', cause });
});
