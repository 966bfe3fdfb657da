import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../../src/ports/event-broker.ts';
import { describeEventBroker } from '../../contract/event-broker.suite.ts';
import { runProgram, startProgram } from '../../support/program.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const publishProgram = new URL('../../fixtures/sqlite/publish.ts', import.meta.url);
const claimProgram = new URL('../../fixtures/sqlite/claim.ts', import.meta.url);

describeEventBroker('the embedded broker', async () => {
  const file = await newFile();
  return () => openEmbeddedBroker({ file });
});

test('kill -9 loses no message that was acknowledged to its publisher', async () => {
  const file = await newFile();
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    await using program = startProgram(publishProgram, [file, '1000000']);
    await expect
      .poll(() => program.lines.length, { interval: 1, timeout: 60_000 })
      .toBeGreaterThan(50);
    await program.kill();
    acknowledged.push(...program.lines);
  }
  await using broker = await openEmbeddedBroker({ file });
  const kept = new Set(await claimAll(broker));
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
});

test('processes that claim in competition never get the same message', async () => {
  const file = await newFile();
  await using broker = await openEmbeddedBroker({ file });
  const messages = Array.from({ length: 1000 }, () => ({ data: 'AA==', attributes: {} }));
  const ids = await broker.publish('topic', messages, Date.now());
  const outputs = await Promise.all([1, 2, 3].map(() => runProgram(claimProgram, [file])));
  const claimed = outputs.flatMap((output) => output.split('\n')).filter((id) => id !== '');
  expect(claimed.toSorted()).toEqual(ids.toSorted());
});

test('many publishers at once are all served', async () => {
  await using broker = await openEmbeddedBroker({ file: await newFile() });
  const publishers = Array.from({ length: 2000 }, (_, number) => [
    { data: Buffer.from(`${number}`).toString('base64'), attributes: {} },
  ]);
  const ids = await Promise.all(
    publishers.map((messages) => broker.publish('topic', messages, Date.now())),
  );
  expect(new Set(ids.flat()).size).toBe(2000);
  expect(await broker.depth('topic')).toEqual({ waiting: 2000, dead: 0 });
});

async function newFile(): Promise<string> {
  return join(await makeTempFolder(), 'events.sqlite');
}

async function claimAll(broker: EventBroker): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const now = Date.now();
    const request = { topics: ['topic'], limit: 1000, now, leaseUntil: now + 60_000 };
    const claimed = await broker.claim(request);
    if (claimed.length === 0) return ids;
    ids.push(...claimed.map(({ id }) => id));
  }
}

test('a full broker refuses new messages, and dead ones make room for them', async () => {
  const maxBytes = 512 * 1024;
  await using broker = await openEmbeddedBroker({ file: await newFile(), maxBytes });
  const data = Buffer.alloc(50_000).toString('base64');
  const publish = () => broker.publish('topic', [{ data, attributes: {} }], 1);
  const acknowledged: string[] = [];
  const fill = async (): Promise<unknown> => {
    for (;;) {
      const refused = await publish().then(
        (ids) => void acknowledged.push(...ids),
        (error: unknown) => error,
      );
      if (refused !== undefined) return refused;
    }
  };
  expect(await fill()).toMatchObject({ name: 'DiskFull', nextStep: expect.any(String) });
  expect(await broker.depth('topic')).toEqual({ waiting: acknowledged.length, dead: 0 });

  const claimed = await broker.claim({ topics: ['topic'], limit: 3, now: 2, leaseUntil: 3 });
  await broker.settle(
    claimed.map(({ id, attempt }) => ({ id, attempt, outcome: 'dead', at: 2, reason: 'no use' })),
  );
  await publish();
  expect(await broker.depth('topic')).toEqual({ waiting: acknowledged.length - 2, dead: 0 });
});
