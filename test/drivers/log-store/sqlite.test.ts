import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/core/log-entry.ts';
import { isLogCursor } from '../../../src/drivers/log-store/sqlite/cursor.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { describeLogStore } from '../../contract/log-store.suite.ts';
import { runProgram } from '../../support/program.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const appendProgram = new URL('../../fixtures/sqlite/append-logs.ts', import.meta.url);
const everything = { deploymentId: 'deployment', from: 0, to: 1_000_000, limit: 1000 };

describeLogStore('a SQLite file', async () => openSqliteLogStore({ file: await newFile() }));

test('two processes append while a third reads', async () => {
  const file = await newFile();
  await using store = await openSqliteLogStore({ file });
  let running = true;
  const writers = Promise.all(
    ['one', 'two'].map((name) => runProgram(appendProgram, [file, name, '200'])),
  ).finally(() => {
    running = false;
  });
  let seen = 0;
  while (running) {
    const { entries } = await store.query(everything);
    expect(entries.length).toBeGreaterThanOrEqual(seen);
    seen = entries.length;
  }
  await writers;
  expect((await store.query(everything)).entries).toHaveLength(400);
});

test('two processes append while a third follows, and each entry is seen once', async () => {
  const file = await newFile();
  await using store = await openSqliteLogStore({ file });
  const names = ['one', 'two'];
  let after = await store.position({ deploymentId: 'deployment' });
  let running = true;
  const writers = Promise.all(
    names.map((name) => runProgram(appendProgram, [file, name, '200'])),
  ).finally(() => {
    running = false;
  });
  const seen: LogEntry[] = [];
  for (let isLast = false; !isLast; ) {
    isLast = !running;
    const page = await store.follow({ deploymentId: 'deployment', after, limit: 7 });
    seen.push(...page.arrivals.map(({ entry }) => entry));
    after = page.next;
    isLast &&= !page.isMore;
  }
  await writers;
  for (const name of names) {
    const its = seen.filter(({ applicationName }) => applicationName === name);
    expect(its.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 200 }, (_, number) => number + 1),
    );
  }
});

test('entries outlive the process that appended them', async () => {
  const file = await newFile();
  await runProgram(appendProgram, [file, 'one', '3']);
  await using store = await openSqliteLogStore({ file });
  const { entries } = await store.query(everything);
  expect(entries.map(({ details }) => details['number'])).toEqual([1, 2, 3]);
});

test('above its size the oldest entries go first', async () => {
  await using store = await openSqliteLogStore({ file: await newFile(), maxBytes: 500_000 });
  const entries = Array.from({ length: 5000 }, (_, timestamp) => entryAt(timestamp));
  await store.append(entries);
  await store.prune({ before: 0 });
  const page = await store.query({ ...everything, limit: 1 });
  expect(page.entries[0]?.timestamp).toBeGreaterThan(1000);
  const newest = await store.query({ ...everything, from: 4999 });
  expect(newest.entries).toEqual([entryAt(4999)]);
});

test('a time between two milliseconds is kept as the earlier one', async () => {
  await using store = await openSqliteLogStore({ file: await newFile() });
  await store.append([{ ...entryAt(1), timestamp: 1.75 }]);
  expect((await store.query(everything)).entries).toEqual([entryAt(1)]);
});

test('a page token is recognised without the store', async () => {
  await using store = await openSqliteLogStore({ file: await newFile() });
  await store.append([entryAt(1), entryAt(2)]);
  const { next = '' } = await store.query({ ...everything, limit: 1 });
  expect(isLogCursor(next)).toBe(true);
  for (const text of ['', 'MS4', next.slice(1), '1.1']) expect(isLogCursor(text)).toBe(false);
});

async function newFile(): Promise<string> {
  return join(await makeTempFolder(), 'logs.sqlite');
}

function entryAt(timestamp: number): LogEntry {
  return {
    type: 'APPLICATION_TEXT',
    deploymentId: 'deployment',
    applicationName: 'app',
    severity: 'DEFAULT',
    timestamp,
    details: { message: 'x'.repeat(200) },
  };
}
