import { expect, test } from 'vitest';
import {
  hasRunEnded,
  jobRunStates,
  stateOfAnswer,
  whyNotRunnable,
} from '../../src/core/job-run.ts';

test.each([
  [200, 'succeeded'],
  [299, 'succeeded'],
  [199, 'failed'],
  [302, 'failed'],
  [500, 'failed'],
  [0, 'failed'],
])('an answer of %d is %s', (status, state) => {
  expect(stateOfAnswer(status)).toBe(state);
});

test('what waits or runs has not ended, everything else has', () => {
  expect(jobRunStates.filter((state) => !hasRunEnded({ state }))).toEqual(['requested', 'running']);
});

const runnable = { type: 'job', isDeployed: true, isUndeploying: false, waiting: 99 } as const;

test.each([
  [{}, undefined],
  [{ type: 'service' as const }, 'it is no job application'],
  [{ type: undefined }, 'it is no job application'],
  [{ isDeployed: false }, 'it has never been deployed successfully'],
  [{ isUndeploying: true }, 'its Deployment is on its way out'],
  [{ waiting: 100 }, '100 runs of it wait already'],
])('a job with %j cannot be run because %s', (more, reason) => {
  expect(whyNotRunnable({ ...runnable, ...more })).toBe(reason);
});
