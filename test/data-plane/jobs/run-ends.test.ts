import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createRunEnds } from '../../../src/data-plane/jobs/run-ends.ts';
import type { EndedRun } from '../../../src/ports/job-runs.ts';
import { ControlledTime } from '../../support/controlled-time.ts';

const ended = (id: string): EndedRun => ({
  ...{ id, from: 'running', state: 'succeeded' },
  ...{ startedAt: 1, finishedAt: 2, status: 200 },
});

/** A store whose writes go on until the test ends them. */
function openEnds() {
  const writes: { readonly ids: readonly string[]; readonly done: () => void }[] = [];
  const ends = createRunEnds({
    runs: {
      end(runs) {
        const { promise, resolve } = Promise.withResolvers<void>();
        writes.push({ ids: runs.map(({ id }) => id), done: resolve });
        return promise;
      },
    },
    timers: new ControlledTime(),
    logger: undefined,
  });
  onTestFinished(() => ends.stop());
  const written = async (count: number): Promise<void> => {
    while (writes.length < count) await turn();
  };
  return { ends, writes, written };
}

test('the first end is written at once, and those that follow together', async () => {
  const { ends, writes, written } = openEnds();
  ends.add(ended('1'));
  await written(1);
  ends.add(ended('2'));
  writes[0]?.done();
  await turn();
  expect(writes).toHaveLength(1);
  ends.add(ended('3'));
  await written(2);
  expect(writes[1]?.ids).toEqual(['2', '3']);
  writes[1]?.done();
  await ends.flush();
});

test('whoever asks for all of them waits for nothing but the store', async () => {
  const { ends, writes, written } = openEnds();
  ends.add(ended('1'));
  await written(1);
  ends.add(ended('2'));
  const flushed = ends.flush();
  writes[0]?.done();
  for (let round = 0; round < 3; round += 1) await turn();
  expect(writes.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
  writes[1]?.done();
  await flushed;
});

test('whoever asks while they are gathered does not wait either', async () => {
  const { ends, writes, written } = openEnds();
  ends.add(ended('1'));
  await written(1);
  ends.add(ended('2'));
  writes[0]?.done();
  await turn();
  const flushed = ends.flush();
  for (let round = 0; round < 3; round += 1) await turn();
  expect(writes.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
  writes[1]?.done();
  await flushed;
});
