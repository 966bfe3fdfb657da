import { describe, expect, test, vi } from 'vitest';
import { Failure } from '../../src/core/failure.ts';
import type {
  ClaimedMessage,
  EventBroker,
  NewMessage,
  ReceivedMessage,
} from '../../src/ports/event-broker.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** What every event broker promises. `open` makes a way to open the same, at first empty, broker again and again. */
export function describeEventBroker(
  name: string,
  prepare: () => Promise<() => Promise<EventBroker>>,
): void {
  const openNew = async () => (await prepare())();

  describe(`${name} as an event broker`, () => {
    test('a message is claimed as it was published', async () => {
      await using broker = await openNew();
      const messages = [
        { data: base64('{"a":"ä"}'), attributes: { '': '', key: 'välue "\n' } },
        { data: '', attributes: {} },
      ];
      const ids = await broker.publish('topic', messages, 1000);
      const claimed = await broker.claim(claimAt(1000));
      expect(claimed).toEqual(
        messages.map((message, position) => ({
          ...message,
          id: ids[position],
          topic: 'topic',
          publishTime: 1000,
          attempt: 1,
        })),
      );
    });

    test('ids are unique and rise', async () => {
      await using broker = await openNew();
      const first = await broker.publish('topic', texts(3), 1000);
      await broker.settle((await broker.claim(claimAt(1000))).map(acknowledge));
      const concurrent = await Promise.all([
        broker.publish('topic', texts(3), 1000),
        broker.publish('other', texts(3), 1000),
      ]);
      const ids = [...first, ...concurrent.flat()].map(Number);
      expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other));
    });

    test('a claimed message belongs to its claimer until the lease runs out', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      expect(await broker.claim(claimAt(1000, { leaseUntil: 2000 }))).toHaveLength(1);
      expect(await broker.claim(claimAt(1999))).toEqual([]);
      const [again] = await broker.claim(claimAt(2000, { leaseUntil: 3000 }));
      expect(again?.attempt).toBe(2);
      expect(await broker.claim(claimAt(2999))).toEqual([]);
    });

    test('topics are named that have something due', async () => {
      await using broker = await openNew();
      await broker.publish('ready', texts(2), 1000);
      await broker.publish('later', texts(1), 2000);
      await broker.publish('dead', texts(1), 1000);
      const [message] = await broker.claim({ ...claimAt(1000), topics: ['dead'] });
      await broker.settle([dieAt(1000)(defined(message))]);
      const topics = ['later', 'ready', 'dead', 'unknown'];
      expect(await broker.dueTopics(topics, 1999)).toEqual(['ready']);
      expect(await broker.dueTopics(topics, 2000)).toEqual(['later', 'ready']);
      expect(await broker.dueTopics([], 2000)).toEqual([]);
      await broker.claim({ ...claimAt(2000, { leaseUntil: 9000 }), topics: ['ready'] });
      expect(await broker.dueTopics(topics, 2000)).toEqual(['later']);
    });

    test('an acknowledged message is gone', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(2), 1000);
      const [first] = await broker.claim(claimAt(1000, { limit: 1 }));
      await broker.settle([acknowledge(defined(first))]);
      expect(await broker.depth('topic')).toEqual({ waiting: 1, dead: 0 });
      expect(await broker.claim(claimAt(9999))).toHaveLength(1);
    });

    test('a failed delivery is repeated at its time', async () => {
      await using broker = await openNew();
      const [id] = await broker.publish('topic', texts(1), 1000);
      const message = defined((await broker.claim(claimAt(1000, { leaseUntil: 2000 })))[0]);
      await broker.settle([{ ...failure(message), outcome: 'retry', at: 5000 }]);
      expect(await broker.claim(claimAt(4999))).toEqual([]);
      expect(await broker.claim(claimAt(5000))).toMatchObject([{ id, attempt: 2 }]);
    });

    test('a dead message is kept but not delivered', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(2), 1000);
      const [message] = await broker.claim(claimAt(1000, { limit: 1 }));
      await broker.settle([die(defined(message))]);
      expect(await broker.depth('topic')).toEqual({ waiting: 1, dead: 1 });
      expect(await broker.claim(claimAt(9999))).toHaveLength(1);
    });

    test('dead messages are listed, the newest first, with why they died', async () => {
      await using broker = await openNew();
      const large = { data: base64('x'.repeat(64 * 1024 + 1)), attributes: {} };
      const attributes = { kind: 'order' };
      await broker.publish('topic', [{ data: base64('one'), attributes }, large], 1000);
      await broker.publish('other', texts(1), 1000);
      await broker.publish('topic', texts(1), 9000);
      const taken = await broker.claim(claimAt(1000, { leaseUntil: 2000, topics }));
      await broker.settle(taken.slice(0, 1).map(dieAt(1500)));
      const again = await broker.claim(claimAt(2000, { leaseUntil: 3000, topics }));
      await broker.settle(again.map(dieAt(2500)));

      const { total, results } = await broker.deadLetters(['topic'], { limit: 9, offset: 0 });
      expect(total).toBe(2);
      expect(results).toEqual([
        expect.objectContaining({ id: taken[1]?.id, bytes: 64 * 1024 + 1, attempts: 2 }),
        {
          id: taken[0]?.id,
          topic: 'topic',
          data: base64('one'),
          bytes: 3,
          attributes: { kind: 'order' },
          publishTime: 1000,
          diedAt: 1500,
          attempts: 1,
          reason: 'HTTP 500',
        },
      ]);
      expect(results[0]).not.toHaveProperty('data');
      const page = (more: object, of: readonly string[] = topics) =>
        broker.deadLetters(of, { limit: 1, offset: 1, ...more });
      expect((await page({})).results).toHaveLength(1);
      expect(await page({ limit: 0 })).toEqual({ total: 3, results: [] });
      expect(await page({}, [])).toEqual({ total: 0, results: [] });
      expect(await page({}, ["'"])).toEqual({ total: 0, results: [] });
    });

    test('a dead message that is delivered again is as new', async () => {
      await using broker = await openNew();
      const ids = await broker.publish('topic', texts(3), 1000);
      await broker.publish('other', texts(1), 1000);
      await broker.settle((await broker.claim(claimAt(1000, { topics }))).map(die));
      expect(
        await broker.redeliver('topic', { ids: [...ids.slice(1), '4', '77'], now: 5000 }),
      ).toEqual({ ids: ids.slice(1), remaining: 0 });
      expect(await broker.depth('topic')).toEqual({ waiting: 2, dead: 1 });
      const fresh = { attempt: 1, publishTime: 5000 };
      const claimed = await broker.claim(claimAt(5000, { topics }));
      expect(claimed).toMatchObject([
        { id: ids[1], ...fresh },
        { id: ids[2], ...fresh },
      ]);
      const nothing = { ids: [], remaining: 0 };
      expect(await broker.redeliver('topic', { now: 6000 })).toEqual({ ...nothing, ids: [ids[0]] });
      expect(await broker.redeliver('topic', { now: 6000 })).toEqual(nothing);
      expect((await broker.deadLetters(topics, { limit: 9, offset: 0 })).total).toBe(1);
    });

    test('those that died in a time are delivered again, so many at a time, the first to die first', async () => {
      await using broker = await openNew();
      const ids = await broker.publish('topic', texts(5), 1000);
      const claimed = await broker.claim(claimAt(1000));
      // The later ones died earlier.
      await broker.settle(claimed.map((message, at) => dieAt(9000 - at * 1000)(message)));
      const range = { diedFrom: 6000, diedUntil: 9000, now: 9999 };

      expect(await broker.redeliver('topic', { ...range, limit: 2 })).toEqual({
        ids: [ids[2], ids[3]],
        remaining: 1,
      });
      expect(await broker.redeliver('topic', range)).toEqual({ ids: [ids[1]], remaining: 0 });
      expect(await broker.redeliver('topic', range)).toEqual({ ids: [], remaining: 0 });
      expect(await broker.depth('topic')).toEqual({ waiting: 3, dead: 2 });
    });

    test('one commit makes as many due as one request can publish, and says how many there are still', async () => {
      await using broker = await openNew();
      for (let count = 0; count < 2; count += 1) await broker.publish('topic', texts(700), 1000);
      for (let count = 0; count < 2; count += 1)
        await broker.settle((await broker.claim(claimAt(1000, { limit: 1000 }))).map(die));
      const first = await broker.redeliver('topic', { now: 5000, limit: 5000 });
      expect([first.ids.length, first.remaining]).toEqual([1000, 400]);
      const second = await broker.redeliver('topic', { now: 5000 });
      expect([second.ids.length, second.remaining]).toEqual([400, 0]);
    });

    test('what another broker delivers is claimed with what that one calls it', async () => {
      await using broker = await openNew();
      const messages = [received('g-1', 'one'), received('g-2', 'two')];
      await broker.receive('topic', messages, 5000);
      expect(await broker.claim(claimAt(5000))).toEqual(
        messages.map((message) => ({
          ...message,
          id: expect.stringMatching(/^\d+$/),
          topic: 'topic',
          publishTime: 5000,
          attempt: 1,
        })),
      );
    });

    test('what another broker delivers again is taken once, also when it is acknowledged already', async () => {
      const open = await prepare();
      {
        await using broker = await open();
        await broker.receive('topic', [received('g-1'), received('g-1'), received('g-2')], 1000);
        const [first] = await broker.claim(claimAt(1000, { limit: 1 }));
        await broker.settle([acknowledge(defined(first))]);
      }
      await using broker = await open();
      await broker.receive('topic', [received('g-1'), received('g-3'), received('g-2')], 2000);
      await broker.receive('other', [received('g-1')], 2000);
      expect((await broker.claim(claimAt(2000))).map(({ origin }) => origin?.id)).toEqual([
        'g-2',
        'g-3',
      ]);
      expect(await broker.depth('topic')).toEqual({ waiting: 2, dead: 0 });
      expect(await broker.depth('other')).toEqual({ waiting: 1, dead: 0 });
    });

    test('a received message that is delivered again keeps what it is called', async () => {
      await using broker = await openNew();
      await broker.receive('topic', [received('g-1')], 1000);
      await broker.settle((await broker.claim(claimAt(1000))).map(die));
      await broker.redeliver('topic', { now: 5000 });
      const [again] = await broker.claim(claimAt(5000));
      expect(again).toMatchObject({ publishTime: 5000, origin: { id: 'g-1', publishTime: 500 } });
    });

    test('what died of its age lives another 7 days when it is delivered again', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      const late = 1000 + 8 * dayMs;
      expect(await broker.claim(claimAt(late))).toEqual([]);
      expect((await broker.redeliver('topic', { now: late })).ids).toHaveLength(1);
      expect(await broker.claim(claimAt(late + 6 * dayMs))).toHaveLength(1);
    });

    test('a late failure does not disturb the delivery that came after it', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      const slow = defined((await broker.claim(claimAt(1000, { leaseUntil: 2000 })))[0]);
      const second = defined((await broker.claim(claimAt(2000, { leaseUntil: 3000 })))[0]);
      await broker.settle([{ ...failure(slow), outcome: 'retry', at: 2100 }]);
      await broker.settle([die(slow)]);
      expect(await broker.claim(claimAt(2999))).toEqual([]);
      await broker.settle([acknowledge(second)]);
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 0 });
    });

    test('what is returned unopened is due at once, before what was published later, and has used up nothing', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      await broker.publish('topic', texts(2), 1500);
      const held = defined((await broker.claim(claimAt(2000, { limit: 1 })))[0]);
      await broker.settle([{ id: held.id, attempt: held.attempt, outcome: 'returned' }]);
      const again = await broker.claim(claimAt(2000));
      expect(again.map(({ id, attempt }) => ({ id, attempt }))[0]).toEqual({
        id: held.id,
        attempt: held.attempt,
      });
      // What was claimed again meanwhile is another's.
      await broker.settle([{ id: held.id, attempt: 9, outcome: 'returned' }]);
      expect(await broker.claim(claimAt(2000))).toEqual([]);
    });

    test('a late success still counts', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      const slow = defined((await broker.claim(claimAt(1000, { leaseUntil: 2000 })))[0]);
      const second = defined((await broker.claim(claimAt(2000, { leaseUntil: 3000 })))[0]);
      await broker.settle([acknowledge(slow)]);
      await broker.settle([{ ...failure(second), outcome: 'retry', at: 4000 }]);
      await broker.settle([acknowledge(second)]);
      expect(await broker.claim(claimAt(9999))).toEqual([]);
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 0 });
    });

    test('what nobody acknowledged for 7 days is dead, and gone after 30 more', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1), 1000);
      const week = 1000 + 7 * dayMs;
      expect(await broker.claim(claimAt(week, { leaseUntil: week }))).toHaveLength(1);
      // Up to a second late.
      const dead = week + 1000;
      expect(await broker.claim(claimAt(dead))).toEqual([]);
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 1 });
      await broker.claim(claimAt(dead + 30 * dayMs + 1));
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 0 });
    });

    test('a claim takes from its topics only, at most what it asked for, the longest due first', async () => {
      await using broker = await openNew();
      await broker.publish('one', texts(3), 1000);
      await broker.publish('two', texts(3), 900);
      await broker.publish('three', texts(3), 800);
      const topics = ['one', 'two', 'two', 'unknown', "'"];
      const first = await broker.claim(claimAt(1000, { topics, limit: 4 }));
      expect(first.map(({ topic }) => topic).toSorted()).toEqual(['one', 'two', 'two', 'two']);
      const second = await broker.claim(claimAt(1000, { topics, limit: 4 }));
      expect(second.map(({ topic }) => topic)).toEqual(['one', 'one']);
      expect(await broker.claim(claimAt(1000, { topics: [] }))).toEqual([]);
    });

    test('a claim of large messages takes some now and the rest later', async () => {
      await using broker = await openNew();
      const large = { data: 'A'.repeat(12 * 1024 * 1024), attributes: {} };
      for (let count = 0; count < 5; count += 1) await broker.publish('topic', [large], 1000);
      const first = await broker.claim(claimAt(1000));
      expect(first.length).toBeLessThan(5);
      const second = await broker.claim(claimAt(1000));
      expect(first.length + second.length).toBe(5);
    });

    test('a removed topic is empty, and may be used again', async () => {
      await using broker = await openNew();
      for (let count = 0; count < 3; count += 1) await broker.publish('topic', texts(800), 1000);
      await broker.publish('other', texts(1), 1000);
      await broker.removeTopic('topic');
      await broker.removeTopic('unknown');
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 0 });
      expect(await broker.depth('other')).toEqual({ waiting: 1, dead: 0 });
      await broker.publish('topic', texts(1), 1000);
      expect(await broker.claim(claimAt(1000))).toHaveLength(1);
    });

    test('topics that nobody has any more are forgotten, but for what is newer', async () => {
      await using broker = await openNew();
      for (const topic of ['kept', 'gone', 'back']) await broker.publish(topic, texts(1000), 1000);
      await broker.publish('gone', texts(500), 1000);
      await broker.publish('back', texts(1), 2000);
      await broker.keepTopics({ topics: new Set(['kept', 'without messages']), before: 2000 });
      expect(await broker.depth('kept')).toEqual({ waiting: 1000, dead: 0 });
      expect(await broker.depth('gone')).toEqual({ waiting: 0, dead: 0 });
      expect(await broker.depth('back')).toEqual({ waiting: 1, dead: 0 });
    });

    test('settling what is unknown, or nothing, is fine', async () => {
      await using broker = await openNew();
      await broker.settle([]);
      await broker.settle([{ id: '77', outcome: 'acknowledged' }]);
      await broker.settle([{ id: 'x', outcome: 'dead', attempt: 1, at: 1, reason: '' }]);
    });

    test.for([
      ['too many messages', texts(1001), '1001 messages are more than the 1000'],
      ['too much data', [text('A'.repeat(14 * 1024 * 1024))], 'bytes of data are more than'],
      ['too many attributes', [attributed(101, 'v')], '101 attributes are more than the 100'],
      ['a long value', [text('A'), attributed(1, 'ä'.repeat(600))], 'the value of attribute key0'],
      ['a long key', [{ data: '', attributes: { ['k'.repeat(257)]: '' } }], 'key kkkk'],
    ] as const)('a request with %s is refused as a whole', async ([, messages, reason]) => {
      await using broker = await openNew();
      const refused = broker.publish('topic', messages, 1000);
      await expect(refused).rejects.toThrow(Failure);
      await expect(refused).rejects.toThrow(reason);
      expect(await broker.depth('topic')).toEqual({ waiting: 0, dead: 0 });
    });

    test('the largest allowed request is published', async () => {
      await using broker = await openNew();
      await broker.publish('topic', texts(1000), 1000);
      const data = Buffer.alloc(10 * 1024 * 1024).toString('base64');
      await broker.publish('topic', [{ ...attributed(100, 'ä'.repeat(512)), data }], 1000);
      expect(await broker.depth('topic')).toEqual({ waiting: 1001, dead: 0 });
    });

    test('a watcher hears of messages, also of those somebody else published', async () => {
      const open = await prepare();
      await using broker = await open();
      await using other = await open();
      const hint = vi.fn();
      const stop = broker.watch(hint);
      await broker.publish('topic', texts(1), 1000);
      await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
      hint.mockClear();
      await other.publish('topic', texts(1), 1000);
      await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
      stop();
    });

    test('what was published is there after the broker was closed and opened again', async () => {
      const open = await prepare();
      {
        await using broker = await open();
        await broker.publish('topic', texts(2), 1000);
        await broker.claim(claimAt(1000, { limit: 1, leaseUntil: 2000 }));
      }
      await using broker = await open();
      expect(await broker.claim(claimAt(1999))).toHaveLength(1);
      expect(await broker.claim(claimAt(2000))).toMatchObject([{ attempt: 2 }]);
    });

    test('those who claim in competition never get the same message', async () => {
      const open = await prepare();
      await using one = await open();
      await using two = await open();
      await one.publish('topic', texts(1000), 1000);
      const claimed = await Promise.all([claimAll(one), claimAll(two), claimAll(one)]);
      const ids = claimed.flat().map(({ id }) => id);
      expect(ids).toHaveLength(1000);
      expect(new Set(ids).size).toBe(1000);
    });
  });
}

function claimAt(now: number, more: Partial<Parameters<EventBroker['claim']>[0]> = {}) {
  return { topics: ['topic'], limit: 100, now, leaseUntil: now + 10 * dayMs, ...more };
}

async function claimAll(broker: EventBroker): Promise<ClaimedMessage[]> {
  const all: ClaimedMessage[] = [];
  for (;;) {
    const claimed = await broker.claim(claimAt(1000, { limit: 7 }));
    if (claimed.length === 0) return all;
    all.push(...claimed);
  }
}

function acknowledge({ id }: ClaimedMessage) {
  return { id, outcome: 'acknowledged' } as const;
}

const topics = ['topic', 'other'];

const die = dieAt(4000);

function dieAt(at: number) {
  return (message: ClaimedMessage) => ({ ...failure(message), outcome: 'dead', at }) as const;
}

function failure({ id, attempt }: ClaimedMessage) {
  return { id, attempt, reason: 'HTTP 500' };
}

function texts(count: number): NewMessage[] {
  return Array.from({ length: count }, (_, number) => text(base64(`${number}`)));
}

function received(id: string, content = id): ReceivedMessage {
  const origin = { id, publishTime: 500 };
  return { data: base64(content), attributes: { kind: 'order' }, origin };
}

function text(data: string): NewMessage {
  return { data, attributes: {} };
}

function attributed(count: number, value: string): NewMessage {
  const keys = Array.from({ length: count }, (_, number) => `key${number}`);
  return { data: '', attributes: Object.fromEntries(keys.map((key) => [key, value])) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function defined(message: ClaimedMessage | undefined): ClaimedMessage {
  if (message === undefined) throw new Error('No message was claimed');
  return message;
}
