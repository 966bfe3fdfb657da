import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/core/log-entry.ts';
import { createLogCollector } from '../../../src/data-plane/logs/collect.ts';
import { createRedactions } from '../../../src/data-plane/logs/redactions.ts';
import type { LogStore } from '../../../src/ports/log-store.ts';

const origin = { deploymentId: 'deployment', applicationName: 'app' };

/** Takes nothing until it is opened. */
function collectInto() {
  const kept: LogEntry[] = [];
  const warnings: object[] = [];
  const opened = Promise.withResolvers<void>();
  const logs: Pick<LogStore, 'append'> = {
    async append(entries) {
      await opened.promise;
      kept.push(...entries);
    },
  };
  const logger = { info() {}, error() {}, warn: (details: object) => void warnings.push(details) };
  const redactions = createRedactions();
  const clock = { now: () => 1 };
  const collector = createLogCollector({ logs, clock, logger, redactions });
  return { collector, redactions, kept, warnings, open: opened.resolve };
}

test('lines and entries arrive in their order', async () => {
  const { collector, kept, open } = collectInto();
  open();
  for (let index = 0; index < 2500; index++) collector.line(origin, `line ${index}`);
  await collector[Symbol.asyncDispose]();
  expect(kept.map(({ details }) => details['message'])).toEqual(
    Array.from({ length: 2500 }, (_, index) => `line ${index}`),
  );
});

test.for([
  { what: 'lines', count: 120_000, text: 'short', most: 50_000 },
  { what: 'characters', count: 1000, text: 'x'.repeat(256 * 1024), most: 128 },
])(
  'a store that is too slow costs $what, not memory, and Berth says so',
  async ({ count, text, most }) => {
    const { collector, kept, warnings, open } = collectInto();
    for (let index = 0; index < count; index++) collector.line(origin, text);
    await expect.poll(() => warnings).toEqual([{ dropped: count - most }]);
    open();
    await expect.poll(() => kept.length).toBe(most);
    collector.line(origin, 'there is room again');
    await collector[Symbol.asyncDispose]();
    expect(kept).toHaveLength(most + 1);
  },
);

test('the secrets of every release that runs are taken out of lines and entries, and only of its Deployment', async () => {
  const { collector, redactions, kept, open } = collectInto();
  open();
  const { deploymentId, applicationName } = origin;
  const know = (releaseId: string, value: string) =>
    redactions.know({ deploymentId, applicationName, releaseId }, [{ key: 'TOKEN', value }]);
  know('old', 'old-secret');
  know('new', 'new-secret');
  collector.line(origin, 'old-secret, new-secret');
  collector.line(origin, '{"message":"new\\u002dsecret"}');
  collector.line({ ...origin, deploymentId: 'other' }, 'new-secret');
  redactions.keep(new Set(['new']));
  collector.line(origin, 'old-secret, new-secret');
  const request: LogEntry = {
    ...origin,
    type: 'HTTP_REQUEST',
    severity: 'INFO',
    timestamp: 1,
    details: { requestUrl: '/?token=new-secret' },
  };
  collector.entry(request);
  await collector[Symbol.asyncDispose]();
  expect(kept.map(({ details }) => details['message'] ?? details['requestUrl'])).toEqual([
    '[secret TOKEN], [secret TOKEN]',
    '[secret TOKEN]',
    'new-secret',
    'old-secret, [secret TOKEN]',
    '/?token=[secret TOKEN]',
  ]);
});
