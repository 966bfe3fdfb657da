import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRunEnds } from '../../../src/data-plane/jobs/run-ends.ts';
import type { EndedRun } from '../../../src/ports/job-runs.ts';
import { ControlledTime } from '../../support/controlled-time.ts';

const ended = (id: string): EndedRun => ({
  ...{ id, from: 'running', state: 'succeeded' },
  ...{ startedAt: 1, finishedAt: 2, status: 200 },
});

/** A store whose writes go on until the test ends them. */
function openEnds() {
  const writes: { readonly ids: readonly string[]; readonly end: (error?: Error) => void }[] = [];
  const time = new ControlledTime();
  const ends = createRunEnds({
    runs: {
      end(runs) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        writes.push({ ids: runs.map(({ id }) => id), end });
        return promise;
      },
    },
    timers: time,
    logger: undefined,
  });
  const written = async (count: number): Promise<void> => {
    while (writes.length < count) await turn();
  };
  return { ends, time, writes, written };
}

test('what ends while others are written goes together', async () => {
  const { ends, writes, written } = openEnds();
  ends.add(ended('1'));
  await written(1);
  ends.add(ended('2'));
  ends.add(ended('3'));
  writes[0]?.end();
  await written(2);
  expect(writes.map(({ ids }) => ids)).toEqual([['1'], ['2', '3']]);
});

test('whoever asks for all of them waits for those that there were', async () => {
  const { ends, writes, written } = openEnds();
  await ends.flush();
  ends.add(ended('1'));
  await written(1);
  ends.add(ended('2'));
  let isFlushed = false;
  const flushed = ends.flush().then(() => {
    isFlushed = true;
  });
  writes[0]?.end();
  await written(2);
  ends.add(ended('3'));
  expect(isFlushed).toBe(false);
  writes[1]?.end();
  await flushed;
  await written(3);
  expect(writes.map(({ ids }) => ids)).toEqual([['1'], ['2'], ['3']]);
});

test('whoever asks for all of them does not wait for a store that is away, which is tried again', async () => {
  const { ends, time, writes, written } = openEnds();
  ends.add(ended('1'));
  const flushed = ends.flush();
  await written(1);
  writes[0]?.end(new Error('It is away'));
  await flushed;
  ends.add(ended('2'));
  time.pass(1_000);
  await written(2);
  writes[1]?.end();
  expect(writes.map(({ ids }) => ids)).toEqual([['1'], ['1', '2']]);
  await ends.flush();
});
