import { expect, test } from 'vitest';
import { hearHints } from '../../../src/control-plane/waiting/hear-hints.ts';

const never = 1_000_000;

/** Whoever watches, and the way to hint. */
function openSource() {
  const watchers = new Set<() => void>();
  return {
    watchers,
    hint: () => watchers.forEach((watcher) => void watcher()),
    watch(watcher: () => void) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

test('a hint ends the waiting, also one that came before it', async () => {
  const source = openSource();
  const { signal } = new AbortController();
  using hints = hearHints(source.watch, { signal, pauseMs: 1, pollMs: never });
  source.hint();
  await hints.next();
  const waiting = hints.next();
  setImmediate(source.hint);
  await waiting;
});

test('one hint counts once', async () => {
  const source = openSource();
  const { signal } = new AbortController();
  using hints = hearHints(source.watch, { signal, pauseMs: 1, pollMs: 50 });
  source.hint();
  await hints.next();
  const started = performance.now();
  await hints.next();
  expect(performance.now() - started).toBeGreaterThan(40);
});

test('many hints do not make anybody look more often than the pause allows', async () => {
  const source = openSource();
  const { signal } = new AbortController();
  using hints = hearHints(source.watch, { signal, pauseMs: 30, pollMs: never });
  const started = performance.now();
  for (let i = 0; i < 5; i += 1) {
    source.hint();
    await hints.next();
  }
  expect(performance.now() - started).toBeGreaterThan(120);
});

test('the signal ends the waiting, and disposing the watching', async () => {
  const source = openSource();
  const ending = new AbortController();
  {
    using hints = hearHints(source.watch, { signal: ending.signal, pauseMs: 1, pollMs: never });
    const waiting = hints.next();
    setTimeout(() => ending.abort(), 20);
    await waiting;
    await hints.next();
    expect(source.watchers.size).toBe(1);
  }
  expect(source.watchers.size).toBe(0);
});
