import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DiskFull } from '../../../src/core/failure.ts';
import { openPuller, type PullerOptions } from '../../../src/data-plane/bridge/open-puller.ts';
import { openGooglePubsub } from '../../../src/drivers/event-bridge/google-pubsub/open-google-pubsub.ts';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import type { EventBroker } from '../../../src/ports/event-broker.ts';
import { startProgram } from '../../support/program.ts';
import { pubsubOutside } from '../../support/pubsub-outside.ts';
import { failure, startPubsubStandIn } from '../../support/pubsub-stand-in.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const pullProgram = new URL('../../fixtures/bridge/pull.ts', import.meta.url);
const clock = { now: () => Date.now() };
const topic = 'event-1';
const of = { topic, deploymentId: 'deployment-1', applicationName: 'events' };
const subscription = `projects/berth-test/subscriptions/${topic}`;
const noStop = new AbortController().signal;

async function openWorld() {
  const google = await startPubsubStandIn();
  onTestFinished(() => google[Symbol.asyncDispose]());
  const bridge = await openGooglePubsub({
    projectId: 'berth-test',
    endpoint: google.url,
    credentials: { kind: 'none' },
    maxAnswerBytes: 100_000,
  });
  await bridge.ensureTopic(topic, noStop);
  const file = join(await makeTempFolder(), 'events.db');
  const broker = await openEmbeddedBroker({ file });
  onTestFinished(() => broker[Symbol.asyncDispose]());
  const outside = pubsubOutside(google.url, 'berth-test');
  const open = (more: Partial<PullerOptions> = {}) => {
    const puller = openPuller({
      bridge,
      broker,
      clock,
      pauses: { emptyMs: 20, failed: { first: 20, max: 50 } },
      ...more,
    });
    onTestFinished(() => puller[Symbol.asyncDispose]());
    puller.applyTopics([of]);
    return puller;
  };
  return { google, bridge, broker, file, outside, open };
}

/** The ids that the broker outside gave, of all that has arrived. */
async function arrived(broker: EventBroker): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const now = Date.now();
    const claimed = await broker.claim({
      topics: [topic],
      limit: 1000,
      now,
      leaseUntil: now + 9e6,
    });
    if (claimed.length === 0) return ids;
    ids.push(...claimed.map(({ origin }) => origin?.id ?? ''));
  }
}

function texts(count: number) {
  return Array.from({ length: count }, (_, number) => ({ data: btoa(`${number}`) }));
}

test('what is published outside arrives in the broker, and is acknowledged there', async () => {
  const { google, broker, outside, open } = await openWorld();
  open();
  const ids = await outside.publish(topic, texts(30));
  await expect.poll(() => broker.depth(topic)).toEqual({ waiting: 30, dead: 0 });
  await expect.poll(() => google.subscriptions.get(subscription)?.messages).toEqual([]);
  expect(await arrived(broker)).toEqual(ids);
});

test('nothing is acknowledged that the broker has not taken', async () => {
  const { google, broker, outside, open } = await openWorld();
  let isFull = true;
  const puller = open({
    broker: {
      async receive(...given) {
        if (isFull) throw new DiskFull('There is no room.');
        await broker.receive(...given);
      },
    },
  });
  const [id] = await outside.publish(topic, texts(1));
  await expect
    .poll(() => google.requests.filter(({ path }) => path.endsWith(':pull')).length)
    .toBeGreaterThan(5);
  expect(google.subscriptions.get(subscription)?.messages).toHaveLength(1);
  expect(google.requests.some(({ path }) => path.endsWith(':acknowledge'))).toBe(false);

  isFull = false;
  // Its lease would last half a minute.
  await outside.refuse(
    topic,
    google.subscriptions.get(subscription)?.messages.map(({ ackId }) => ackId) ?? [],
  );
  await expect.poll(() => arrived(broker)).toEqual([id]);
  expect(puller.troubles().filter(({ isOver }) => !isOver)).toEqual([]);
});

test('an outage is told after a few failures, and once it is over; what was published arrives', async () => {
  const { google, broker, outside, open } = await openWorld();
  const puller = open();
  google.answerWith(({ path }) =>
    path.endsWith(':pull') ? failure(403, 'PERMISSION_DENIED', 'User not authorized.') : undefined,
  );
  await expect
    .poll(() => puller.troubles())
    .toEqual([
      {
        ...of,
        isOver: false,
        reason: expect.stringMatching(/not authorized.*roles\/pubsub.admin/s),
      },
    ]);
  const [id] = await outside.publish(topic, texts(1));
  google.answerWith(undefined);
  await expect.poll(() => puller.troubles()).toMatchObject([{ isOver: true }]);
  await expect.poll(() => arrived(broker)).toEqual([id]);
});

test('a topic that is no longer there is left alone, and may come back', async () => {
  const { google, broker, outside, open } = await openWorld();
  const puller = open();
  puller.applyTopics([]);
  await outside.publish(topic, texts(1));
  const pulls = () => google.requests.filter(({ path }) => path.endsWith(':pull')).length;
  const before = pulls();
  puller.applyTopics([of]);
  await expect.poll(() => broker.depth(topic)).toEqual({ waiting: 1, dead: 0 });
  expect(pulls()).toBeGreaterThan(before);
});

test('answers that are too large to hold are asked for in smaller parts', async () => {
  const { google, broker, outside, open } = await openWorld();
  google.answerWith(({ path, body }) =>
    path.endsWith(':pull') && body.maxMessages > 5
      ? { status: 200, body: { filler: 'x'.repeat(100_001) } }
      : undefined,
  );
  await outside.publish(topic, texts(20));
  open();
  await expect.poll(() => broker.depth(topic)).toEqual({ waiting: 20, dead: 0 });
});

test('who cannot acknowledge gets them again, and the broker has each once', async () => {
  const { google, broker, outside, open } = await openWorld();
  google.answerWith(({ path }) =>
    path.endsWith(':acknowledge') ? failure(503, 'UNAVAILABLE', 'Not now.') : undefined,
  );
  open();
  const ids = await outside.publish(topic, texts(5));
  await expect.poll(() => broker.depth(topic)).toEqual({ waiting: 5, dead: 0 });
  google.answerWith(undefined);
  await outside.refuse(
    topic,
    google.subscriptions.get(subscription)?.messages.map(({ ackId }) => ackId) ?? [],
  );
  await expect.poll(() => google.subscriptions.get(subscription)?.messages).toEqual([]);
  expect(await arrived(broker)).toEqual(ids);
});

test('kill -9 between pulling and acknowledging loses nothing, and doubles nothing', async () => {
  const { google, broker, file, outside } = await openWorld();
  const ids: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    // The answer to the acknowledgement never comes: here it is killed.
    google.answerWith(({ path }) => (path.endsWith(':acknowledge') ? 'hang' : undefined));
    ids.push(...(await outside.publish(topic, texts(100))));
    const asked = google.requests.length;
    await using program = startProgram(pullProgram, [google.url, topic, file]);
    await expect
      .poll(() => google.requests.slice(asked).some(({ path }) => path.endsWith(':acknowledge')))
      .toBe(true);
    await program.kill();
    google.answerWith(undefined);
    const left = google.subscriptions.get(subscription)?.messages ?? [];
    expect(left.length).toBeGreaterThan(0);
    await outside.refuse(
      topic,
      left.map(({ ackId }) => ackId),
    );
  }
  await using _ = startProgram(pullProgram, [google.url, topic, file]);
  await expect.poll(() => google.subscriptions.get(subscription)?.messages).toEqual([]);
  const all = await arrived(broker);
  expect(all.toSorted()).toEqual(ids.toSorted());
});
