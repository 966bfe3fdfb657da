import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BridgeFailure } from '../../src/core/failure.ts';
import type { EventBridge, PulledMessage } from '../../src/ports/event-bridge.ts';
import { pubsubOutside } from '../support/pubsub-outside.ts';

const noStop = new AbortController().signal;

interface Place extends AsyncDisposable {
  readonly bridge: EventBridge;
  /** Where others speak Pub/Sub's REST form to the same broker. */
  readonly endpoint: string;
}

/** What every bridge promises, seen from both of its ends. */
export function describeEventBridge(name: string, open: () => Promise<Place>): void {
  describe(`${name} as an event bridge`, () => {
    let place: Place;
    let bridge: EventBridge;
    let outside: ReturnType<typeof pubsubOutside>;

    beforeAll(async () => {
      place = await open();
      bridge = place.bridge;
      outside = pubsubOutside(place.endpoint, bridge.project);
    });
    afterAll(async () => {
      await place?.[Symbol.asyncDispose]();
    });

    const newTopic = async (): Promise<string> => {
      const topic = `event-${randomUUID()}`;
      await bridge.ensureTopic(topic, noStop);
      return topic;
    };
    const pull = (topic: string, limit = 100) => bridge.pull(topic, { limit, signal: noStop });
    /** Everything that comes, acknowledged. */
    const takeAll = async (topic: string, count: number): Promise<readonly PulledMessage[]> => {
      const all: PulledMessage[] = [];
      const until = Date.now() + 60_000;
      while (all.length < count && Date.now() < until) {
        const messages = await pull(topic);
        await bridge.acknowledge(topic, messages, noStop);
        all.push(...messages);
      }
      return all;
    };

    test('it can be looked at, and nothing is made by that', async () => {
      await bridge.check(noStop);
      await bridge.check(noStop);
    });

    test('what is published is pulled as it was, with what it is called there', async () => {
      const topic = await newTopic();
      const before = Date.now();
      const sent = [
        { data: base64('{"a":"ä"}'), attributes: { kind: 'order', ключ: '"\n' } },
        { data: base64('two') },
        { attributes: { only: 'attributes' } },
      ];
      const ids = await outside.publish(topic, sent);
      const pulled = await takeAll(topic, 3);

      const byId = new Map(pulled.map((message) => [message.origin.id, message]));
      expect([...byId.keys()].toSorted()).toEqual([...ids].toSorted());
      for (const [at, { data = '', attributes = {} }] of sent.entries())
        expect(byId.get(ids[at] ?? '')).toMatchObject({ data, attributes });
      for (const { origin } of pulled)
        expect(Math.abs(origin.publishTime - before)).toBeLessThan(60_000);
    });

    test('what was not acknowledged comes again, what was does not', async () => {
      const topic = await newTopic();
      const ids = await outside.publish(topic, [{ data: base64('1') }, { data: base64('2') }]);
      const first: PulledMessage[] = [];
      while (first.length < 2) first.push(...(await pull(topic)));
      const [kept, refused] = first;
      if (kept === undefined || refused === undefined) throw new Error('Too few');
      await bridge.acknowledge(topic, [kept], noStop);
      await outside.refuse(topic, [refused.receipt]);

      const again = await takeAll(topic, 1);
      expect(again.map(({ origin }) => origin.id)).toEqual([refused.origin.id]);
      expect(ids).toContain(refused.origin.id);
    });

    test('nothing to acknowledge is fine', async () => {
      await bridge.acknowledge(await newTopic(), [], noStop);
    });

    test('who pulls waits for what is published meanwhile', async () => {
      const topic = await newTopic();
      const pulled = takeAll(topic, 1);
      const [id] = await outside.publish(topic, [{ data: base64('late') }]);
      expect((await pulled).map(({ origin }) => origin.id)).toEqual([id]);
    });

    test('who pulls stops when he is told to', async () => {
      const topic = await newTopic();
      const stop = new AbortController();
      const pulled = bridge.pull(topic, { limit: 1, signal: stop.signal });
      stop.abort(new Error('enough'));
      await expect(pulled).rejects.toThrow('enough');
    });

    test('a topic that is there already keeps what is in it', async () => {
      const topic = await newTopic();
      const [id] = await outside.publish(topic, [{ data: base64('kept') }]);
      await bridge.ensureTopic(topic, noStop);
      expect((await takeAll(topic, 1)).map(({ origin }) => origin.id)).toEqual([id]);
    });

    test('what nobody made is not pulled, and it says what to do', async () => {
      const pulled = pull(`event-${randomUUID()}`);
      await expect(pulled).rejects.toThrow(BridgeFailure);
      await expect(pulled).rejects.toMatchObject({
        reason: 'unknown',
        nextStep: expect.stringContaining('Redeploy'),
      });
    });

    test('what is removed is gone, may be removed again, and may come back empty', async () => {
      const topic = await newTopic();
      await outside.publish(topic, [{ data: base64('gone') }]);
      await bridge.removeTopic(topic, noStop);
      await bridge.removeTopic(topic, noStop);
      expect((await outside.ask('GET', `topics/${topic}`)).status).toBe(404);
      expect((await outside.ask('GET', `subscriptions/${topic}`)).status).toBe(404);

      await bridge.ensureTopic(topic, noStop);
      const [id] = await outside.publish(topic, [{ data: base64('new') }]);
      expect((await takeAll(topic, 1)).map(({ origin }) => origin.id)).toEqual([id]);
    });

    test('a subscription whose topic somebody has deleted is made anew', async () => {
      const topic = await newTopic();
      await outside.ask('DELETE', `topics/${topic}`);
      await bridge.ensureTopic(topic, noStop);
      const [id] = await outside.publish(topic, [{ data: base64('again') }]);
      expect((await takeAll(topic, 1)).map(({ origin }) => origin.id)).toEqual([id]);
    });

    test('somebody else’s subscription is left alone', async () => {
      const other = await newTopic();
      const topic = `event-${randomUUID()}`;
      await outside.ask('PUT', `subscriptions/${topic}`, {
        topic: `projects/${bridge.project}/topics/${other}`,
      });
      const made = bridge.ensureTopic(topic, noStop);
      await expect(made).rejects.toThrow(`it is there already, of topic projects/`);
      expect((await outside.ask('GET', `subscriptions/${topic}`)).status).toBe(200);
    });

    test('messages wait as long as Google keeps any', async () => {
      const topic = await newTopic();
      const { body } = await outside.ask('GET', `subscriptions/${topic}`);
      expect(body).toMatchObject({ ackDeadlineSeconds: 30, messageRetentionDuration: '604800s' });
    });

    test('a message may be almost ten megabytes', async () => {
      const topic = await newTopic();
      const data = Buffer.alloc(7 * 1024 * 1024, 'x').toString('base64');
      await outside.publish(topic, [{ data }]);
      const [large] = await takeAll(topic, 1);
      expect(large?.data === data).toBe(true);
    });

    test('1,200 messages arrive', async () => {
      const topic = await newTopic();
      const batch = Array.from({ length: 600 }, (_, number) => ({ data: base64(`${number}`) }));
      const ids = [
        ...(await outside.publish(topic, batch)),
        ...(await outside.publish(topic, batch)),
      ];
      const arrived = new Set<string>();
      const until = Date.now() + 60_000;
      while (arrived.size < ids.length && Date.now() < until)
        for (const { origin } of await takeAll(topic, 1)) arrived.add(origin.id);
      expect([...arrived].toSorted()).toEqual(ids.toSorted());
    });
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
