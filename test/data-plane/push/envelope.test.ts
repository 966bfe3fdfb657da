import { expect, test } from 'vitest';
import { printEnvelope } from '../../../src/data-plane/push/envelope.ts';

const message = {
  id: '7',
  topic: 'topic-1',
  data: 'eyJhIjoxfQ==',
  attributes: { a: '1' },
  publishTime: Date.parse('2026-11-23T09:30:35.268Z'),
  attempt: 3,
};
const subscription = { project: 'demo', topic: 's1' };

test('the envelope is the one Google Pub/Sub sends', () => {
  expect(printEnvelope(message, subscription)).toBe(
    '{"subscription":"projects/demo/subscriptions/s1","message":{"publishTime":"2026-11-23T09:30:35.268Z",' +
      '"data":"eyJhIjoxfQ==","publish_time":"2026-11-23T09:30:35.268Z","messageId":"7",' +
      '"attributes":{"a":"1"},"message_id":"7"}}',
  );
});

test('a message without attributes has none in its envelope', () => {
  expect(printEnvelope({ ...message, attributes: {} }, subscription)).not.toContain('attributes');
});
