import { expect, test } from 'vitest';
import { waitHeaders } from '../../src/wire/preferences.ts';

test.for([
  ['wait=10', 10],
  ['wait=0', 0],
  ['Wait = 7', 7],
  ['wait="12"', 12],
  ['respond-async, wait=5', 5],
  ['wait=5; foo=bar, handling=lenient', 5],
  ['wait=3, wait=9', 3],
  ['note="a, wait=9, b", wait=4', 4],
  ['note="a \\" b, wait=9", wait=4', 4],
  ['wait=60', 60],
  ['wait=61', 60],
  [`wait=${'9'.repeat(400)}`, 60],
] as const)('%s waits', ([prefer, seconds]) => {
  expect(waitHeaders.parse({ prefer }).prefer).toBe(seconds);
});

test.for([
  '',
  'wait',
  'wait=',
  'wait=soon',
  'wait=-1',
  'wait=1.5',
  'wait=soon, wait=5',
  'waiting=5',
  'respond-async',
  'note="a, wait=9, b"',
  'note="never closed, wait=9',
  ',,,=;"',
])('%s counts as not sent', (prefer) => {
  expect(waitHeaders.parse({ prefer }).prefer).toBeUndefined();
});

test('a long header is read in no time', () => {
  const startedAt = performance.now();
  for (const piece of ['"', '",', '\\"', ' ', 'wait', ';', '"\\'])
    waitHeaders.parse({ prefer: piece.repeat(16_000 / piece.length) });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
