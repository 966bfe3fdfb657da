import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/core/log-entry.ts';
import { createLogCollector } from '../../../src/data-plane/logs/collect.ts';
import { createRedactions } from '../../../src/data-plane/logs/redactions.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import type { LogStore } from '../../../src/ports/log-store.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const origin = { deploymentId: 'deployment', applicationName: 'app' };
const other = { ...origin, applicationName: 'other' };
const request: LogEntry = {
  ...origin,
  type: 'HTTP_REQUEST',
  severity: 'INFO',
  timestamp: 1,
  details: { requestUrl: '/?token=new-secret' },
};
/** More than one application may have on its way. */
const tooMuch = Array.from({ length: 80 }, (_, number) => `${number} ${'x'.repeat(64 * 1024)}`);

/** Collects into a file, behind a door that can be shut: then nothing gets in, with an error where there is one. */
async function collectIntoFile({ patienceMs = 60_000 } = {}) {
  const store = await openSqliteLogStore({ file: join(await makeTempFolder(), 'logs.sqlite') });
  const errors: object[] = [];
  let door: Promise<void> = Promise.resolve();
  let openDoor = () => {};
  let error: Error | undefined;
  let attempts = 0;
  const logs: Pick<LogStore, 'collect'> = {
    async collect(items) {
      attempts += 1;
      await door;
      if (error !== undefined) throw error;
      await store.collect(items);
    },
  };
  const redactions = createRedactions();
  const collector = createLogCollector({
    logs,
    clock: { now: () => 1 },
    logger: { info() {}, warn() {}, error: (details: object) => void errors.push(details) },
    redactions,
    patienceMs,
  });
  return {
    collector,
    redactions,
    errors,
    get attempts() {
      return attempts;
    },
    shut(): void {
      const { promise, resolve } = Promise.withResolvers<void>();
      door = promise;
      openDoor = resolve;
    },
    open: () => openDoor(),
    fail(with_: Error | undefined): void {
      error = with_;
    },
    /** Everything of an application, in the order in which it came. */
    async read(applicationName: string): Promise<readonly LogEntry[]> {
      const entries: LogEntry[] = [];
      let after = '0';
      for (let isMore = true; isMore; ) {
        const page = await store.follow({
          deploymentId: 'deployment',
          applicationName,
          after,
          limit: 1000,
        });
        entries.push(...page.arrivals.map(({ entry }) => entry));
        ({ next: after, isMore } = page);
      }
      return entries;
    },
    async [Symbol.asyncDispose]() {
      await collector[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

const textOf = ({ details }: LogEntry): unknown => details['message'] ?? details['requestUrl'];

test('lines and entries arrive in their order', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  const texts = Array.from({ length: 2500 }, (_, index) => `line ${index}`);
  for (let from = 0; from < texts.length; from += 100)
    void one.collector.output(origin, texts.slice(from, from + 100).join('\n'));
  one.collector.entry(request);
  void one.collector.output(origin, 'the last');
  const expected = [...texts, '/?token=new-secret', 'the last'];
  await expect.poll(async () => (await one.read('app')).length).toBe(expected.length);
  expect((await one.read('app')).map(textOf)).toEqual(expected);
});

test('what is in a hurry waits for nothing but what is on its way', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  one.shut();
  void one.collector.output(origin, 'first');
  expect(one.attempts).toBe(0);
  one.collector.hurry();
  expect(one.attempts).toBe(1);
  void one.collector.output(origin, 'second');
  one.collector.hurry();
  expect(one.attempts).toBe(1);
  one.open();
  await expect.poll(async () => (await one.read('app')).map(textOf)).toEqual(['first', 'second']);
  expect(one.attempts).toBe(2);
});

test('who writes more than the store takes waits for it, alone, and nothing is lost', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  one.shut();
  const waits = tooMuch.map((text) => one.collector.output(origin, text));
  expect(waits[0]).toBeUndefined();
  const wait = waits.at(-1);
  expect(wait).toBeInstanceOf(Promise);
  expect(one.collector.output(other, 'not held up')).toBeUndefined();
  expect(one.collector.entry(request)).toBeUndefined();
  one.open();
  await wait;
  await expect.poll(async () => (await one.read('app')).length).toBe(tooMuch.length + 1);
  expect(await one.read('other')).toHaveLength(1);
  expect(one.errors).toEqual([]);
});

test('a store that fails for a moment costs nothing', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  one.fail(new Error('The disk is full.'));
  void one.collector.output(origin, 'a\nb');
  await expect.poll(() => one.attempts).toBeGreaterThan(1);
  one.fail(undefined);
  await expect
    .poll(async () => (await one.read('app')).slice(0, 2).map(textOf))
    .toEqual(['a', 'b']);
  expect(one.errors).toEqual([]);
});

test.for([
  { what: 'fails', error: new Error('The disk is full.'), why: /The disk is full/ },
  { what: 'does not answer', error: undefined, why: /too slow/ },
])(
  'a store that $what holds nobody up for long: lines are counted, and their log says so',
  async ({ error, why }) => {
    const one = await collectIntoFile({ patienceMs: 200 });
    await using _one = one;
    if (error === undefined) one.shut();
    else one.fail(error);
    await Promise.all(tooMuch.map((text) => one.collector.output(origin, text)));
    const lost = 5;
    await expect
      .poll(() => one.collector.output(origin, Array(lost).fill(tooMuch[0]).join('\n')))
      .toBeUndefined();
    await expect.poll(() => one.errors.length).toBeGreaterThan(0);
    if (error === undefined) one.open();
    else one.fail(undefined);
    void one.collector.output(other, 'there is room again');
    const told = async () =>
      (await one.read('app')).find((entry) =>
        /missing before this one/.test(String(textOf(entry))),
      );
    await expect.poll(told).toMatchObject({ severity: 'ERROR', type: 'APPLICATION_JSON' });
    const message = String((await told())?.details['message']);
    expect(message).toMatch(why);
    expect(Number(/\d+/.exec(message)?.[0])).toBeGreaterThanOrEqual(lost);
    await expect.poll(async () => (await one.read('other')).length).toBe(1);
  },
);

test('requests wait for nobody, and those that find no room are counted', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  one.shut();
  for (let count = 0; count < 50_010; count += 1) one.collector.entry(request);
  await expect
    .poll(() => one.errors)
    .toEqual([{ lost: 10, reason: 'The log store was too slow.' }]);
  one.open();
  await expect.poll(async () => (await one.read('app')).length).toBe(50_001);
});

test('the secrets of every release that runs are taken out of lines and entries, and only of its Deployment', async () => {
  const one = await collectIntoFile();
  await using _one = one;
  const { collector, redactions } = one;
  const { deploymentId, applicationName } = origin;
  const know = (releaseId: string, value: string) =>
    redactions.know({ deploymentId, applicationName, releaseId }, [{ key: 'TOKEN', value }]);
  know('old', 'old-secret');
  know('new', 'new-secret');
  void collector.output(origin, 'old-secret, new-secret\n{"message":"new\\u002dsecret"}');
  redactions.keep(new Set(['new']));
  void collector.output(origin, 'old-secret, new-secret');
  collector.entry(request);
  await expect
    .poll(async () => (await one.read('app')).map(textOf))
    .toEqual([
      '[secret TOKEN], [secret TOKEN]',
      '[secret TOKEN]',
      'old-secret, [secret TOKEN]',
      '/?token=[secret TOKEN]',
    ]);
});
