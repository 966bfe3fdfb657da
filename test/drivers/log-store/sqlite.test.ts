import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/core/log-entry.ts';
import { isLogCursor } from '../../../src/drivers/log-store/sqlite/cursor.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { migrations } from '../../../src/drivers/log-store/sqlite/schema.ts';
import { schemaOf } from '../../../src/drivers/sqlite/snapshot-target.ts';
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

test('what earlier versions have kept is read as it was, at the positions that it had', async () => {
  const file = await newFile();
  const kept: readonly LogEntry[] = [
    entryAt(1),
    { ...entryAt(2), type: 'HTTP_REQUEST', severity: 'ERROR', details: { status: 500 } },
    { ...entryAt(3), type: 'APPLICATION_JSON', severity: 'EMERGENCY', details: { a: { b: [1] } } },
  ];
  writeOlderFile(file, kept);
  await using store = await openSqliteLogStore({ file });
  expect(await store.query(everything)).toEqual({ entries: kept });
  const severe = { ...everything, severities: ['EMERGENCY'] as const };
  expect((await store.query(severe)).entries).toEqual(kept.slice(2));
  await store.append([entryAt(4)]);
  const { arrivals } = await store.follow({ deploymentId: 'deployment', after: '11', limit: 10 });
  expect(arrivals.map(({ position }) => position)).toEqual(['12', '13']);
});

/** As schema 2 had them, the first at 10 because older ones were forgotten. */
function writeOlderFile(file: string, entries: readonly LogEntry[]): void {
  const older = migrations.slice(0, 2);
  using database = new DatabaseSync(file);
  database.exec(
    'CREATE TABLE schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT',
  );
  for (const { sql } of older) database.exec(sql);
  const note = database.prepare('INSERT INTO schema_migration VALUES (?, ?, ?)');
  for (const { number, name, checksum } of schemaOf(older)) note.run(number, name, checksum);
  const insert = database.prepare('INSERT INTO log_entry VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const [index, one] of entries.entries()) {
    const { deploymentId, applicationName, timestamp, type, severity, details } = one;
    const id = 10 + index;
    insert.run(
      id,
      deploymentId,
      applicationName,
      timestamp,
      type,
      severity,
      JSON.stringify(details),
    );
  }
}

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
