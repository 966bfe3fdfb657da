import { join } from 'node:path';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { StepScope } from '../../../src/control-plane/operations/operation-run.ts';
import { removeTopic } from '../../../src/control-plane/operations/topics.ts';
import { openGooglePubsub } from '../../../src/drivers/event-bridge/google-pubsub/open-google-pubsub.ts';
import { openEmbeddedBroker } from '../../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { failure, startPubsubStandIn } from '../../support/pubsub-stand-in.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const hostLabel = 'event-abc';

async function openWorld() {
  const google = await startPubsubStandIn();
  onTestFinished(() => google[Symbol.asyncDispose]());
  const events = await openEmbeddedBroker({ file: join(await makeTempFolder(), 'events.db') });
  onTestFinished(() => events[Symbol.asyncDispose]());
  const bridge = await openGooglePubsub({
    projectId: 'berth-test',
    endpoint: google.url,
    credentials: { kind: 'none' },
  });
  const { signal } = new AbortController();
  await bridge.ensureTopic(hostLabel, signal);
  await events.publish(hostLabel, [{ data: 'AA==', attributes: {} }], 1);
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const reported: unknown[] = [];
  const scope: StepScope = {
    signal,
    report: (...entry) => reported.push(entry),
    change: () => undefined,
    say: () => undefined,
  };
  const remove = (label = hostLabel) =>
    removeTopic({ events, bridge, logger }, { hostLabel: label, applicationName: 'app' }, scope);
  return { google, events, lines, reported, remove };
}

test('a topic goes here and there', async () => {
  const { google, events, lines, reported, remove } = await openWorld();
  await remove();
  expect([...google.topics.keys(), ...google.subscriptions.keys()]).toEqual([]);
  expect(await events.depth(hostLabel)).toEqual({ waiting: 0, dead: 0 });
  expect([...lines, ...reported]).toEqual([]);
});

test('what cannot be deleted there is told, in the log as well, and goes here', async () => {
  const { google, events, lines, reported, remove } = await openWorld();
  google.answerWith(() => failure(403, 'PERMISSION_DENIED', 'Somebody took the right away.'));
  await remove();
  expect(await events.depth(hostLabel)).toEqual({ waiting: 0, dead: 0 });
  expect(reported).toEqual([
    ['Warning', 'Topic in Google Pub/Sub is left', expect.stringContaining(hostLabel)],
  ]);
  for (const told of [JSON.stringify(reported), lines.join()]) {
    expect(told).toContain('Somebody took the right away.');
    expect(told).toContain('the topic and the subscription event-abc');
  }
});

test('of other applications nothing is asked there', async () => {
  const { google, remove } = await openWorld();
  const before = google.requests.length;
  await remove('service-abc');
  expect(google.requests).toHaveLength(before);
});
