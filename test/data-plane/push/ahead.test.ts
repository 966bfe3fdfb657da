import { expect, test } from 'vitest';
import { createAhead, overdueMs } from '../../../src/data-plane/push/ahead.ts';
import type { ClaimedMessage } from '../../../src/ports/event-broker.ts';

function start() {
  let ms = 1_000;
  const ahead = createAhead(() => ms, 16);
  return {
    ahead,
    pass(by: number): void {
      ms += by;
    },
    /** Deliveries that end one after another. */
    deliver(topic: string, count: number, gapMs: number): void {
      for (let ended = 0; ended < count; ended++) {
        ms += gapMs;
        ahead.ended(topic);
      }
    },
  };
}

function message(id: string, topic = 'quick', data = ''): ClaimedMessage {
  return { id, topic, publishTime: 0, attempt: 1, data, attributes: {} };
}

test('nothing is held of a topic of which nobody knows how quick it is', () => {
  const { ahead } = start();
  expect(ahead.wanted('new')).toBe(0);
});

test.for([
  [0.1, 96],
  [1, 19],
  [5, 3],
  [20, 0],
  [2_000, 0],
])('where a delivery ends every %i ms %i are wanted', ([gapMs = 0, wanted]) => {
  const { ahead, deliver } = start();
  deliver('topic', 200, gapMs);
  expect(ahead.wanted('topic')).toBe(wanted);
});

test('who becomes slow, or rests, gets nothing ahead any more', () => {
  const { ahead, deliver, pass } = start();
  deliver('quick', 200, 1);
  deliver('quick', 30, 400);
  expect(ahead.wanted('quick')).toBe(0);
  deliver('quick', 200, 1);
  pass(21);
  expect(ahead.wanted('quick')).toBe(0);
});

test('who is slow with many at once gets hardly anything ahead, though they end together', () => {
  const { ahead, deliver } = start();
  for (let wave = 0; wave < 20; wave++) {
    deliver('slow', 1, 400);
    deliver('slow', 15, 0);
  }
  expect(ahead.wanted('slow')).toBeLessThan(4);
});

test('what is held comes out in its order', () => {
  const { ahead, deliver } = start();
  deliver('quick', 200, 1);
  ahead.hold(message('1'));
  ahead.hold(message('2'));
  expect(ahead.held('quick')).toBe(2);
  expect(ahead.next('quick')?.id).toBe('1');
  expect(ahead.next('quick')?.id).toBe('2');
  expect(ahead.next('quick')).toBeUndefined();
  expect(ahead.isEmpty).toBe(true);
});

test('large messages leave nothing for any topic', () => {
  const { ahead, deliver } = start();
  deliver('quick', 200, 1);
  const data = 'x'.repeat(9 * 1024 * 1024);
  for (const id of ['1', '2', '3', '4']) ahead.hold(message(id, 'large', data));
  expect(ahead.wanted('quick')).toBe(0);
  ahead.next('large');
  expect(ahead.wanted('quick')).toBe(19);
});

test('what was held for too long is given up, with all behind it', () => {
  const { ahead, pass } = start();
  ahead.hold(message('1'));
  pass(overdueMs - 1);
  ahead.hold(message('2'));
  ahead.hold(message('3', 'other'));
  expect(ahead.takeOverdue()).toEqual([]);
  pass(1);
  expect(ahead.takeOverdue().map(({ id }) => id)).toEqual(['1', '2']);
  expect(ahead.held('other')).toBe(1);
});

test('of topics that nobody wants any more nothing stays', () => {
  const { ahead, deliver } = start();
  deliver('quick', 200, 1);
  ahead.hold(message('1'));
  ahead.hold(message('2', 'other'));
  expect(ahead.keep(new Set(['other'])).map(({ id }) => id)).toEqual(['1']);
  expect(ahead.wanted('quick')).toBe(0);
  expect(ahead.next('other')?.id).toBe('2');
});
