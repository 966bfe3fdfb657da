import { mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/core/log-entry.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openLogSnapshots } from '../../../src/drivers/log-store/sqlite/snapshots.ts';
import type { LogOutput, LogStore } from '../../../src/ports/log-store.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const linesOfBurst = 4000;
const hourMs = 60 * 60 * 1000;

test('what an application says in a burst lies in a file of its own, and is found like anything else', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  const after = await store.position({ deploymentId: 'one' });
  await store.collect([burst('one', 1000), say('one', 2000, 'little')]);
  await store.collect([burst('one', 3000), burst('two', 3000), say('three', 3000, 'little')]);
  const files = await readdir(folder);
  expect(files).toHaveLength(3);
  for (const name of files) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect(keptInRows(file)).toBeLessThan(1000);
  expect(await messagesOf(store, 'one')).toEqual([
    ...messagesOfBurst,
    'little',
    ...messagesOfBurst,
  ]);
  expect(await messagesOf(store, 'two')).toEqual(messagesOfBurst);
  expect(await messagesOf(store, 'three')).toEqual(['little']);
  const errors = await store.query({ ...all('one'), severities: ['ERROR'] });
  expect(errors.entries.map(messageOf)).toEqual(
    [...messagesOfBurst, ...messagesOfBurst].filter((message) => message.startsWith('error')),
  );
  const followed = await followAll(store, 'one', after);
  expect(followed.map(messageOf)).toEqual([...messagesOfBurst, 'little', ...messagesOfBurst]);
});

test('a file goes with the last of its entries, for their age and for their Deployment', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000)]);
  await store.collect([burst('one', 50_000), burst('two', 50_000)]);
  await store.prune({ before: 1000 });
  expect(await readdir(folder)).toHaveLength(3);
  await store.prune({ before: 30_000 });
  expect(await readdir(folder)).toHaveLength(2);
  await store.prune({ before: 0, deployments: ['one'] });
  expect(await readdir(folder)).toHaveLength(1);
  expect(await messagesOf(store, 'one')).toEqual([]);
  expect(await messagesOf(store, 'two')).toEqual(messagesOfBurst);
});

test('files count for the bound of bytes, and the oldest go first', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file, maxBytes: 2 * 1024 * 1024 });
  for (let round = 0; round < 8; round += 1) await store.collect([burst('one', round * 20_000)]);
  await store.prune({ before: 0 });
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  expect(bytes).toBeGreaterThan(1024 * 1024);
  expect(bytes).toBeLessThan(2.5 * 1024 * 1024);
  const kept = await allOf(store, 'one');
  expect(kept.at(-1)?.timestamp).toBe(140_000);
  expect(kept[0]?.timestamp).toBeGreaterThan(20_000);
});

test('files that nobody has any more go when they are older than an hour; no others do', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000)]);
  const [kept = ''] = await readdir(folder);
  const left = `${Date.now() - 2 * hourMs}-17-1`;
  const fresh = `${Date.now()}-17-2`;
  for (const name of [left, fresh, 'notes.txt']) await writeFile(join(folder, name), 'x');
  await store.prune({ before: 0 });
  expect((await readdir(folder)).toSorted()).toEqual([kept, fresh, 'notes.txt'].toSorted());
});

test('what a file has lost is passed over, and the rest is read', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  const after = await store.position({ deploymentId: 'one' });
  await store.collect([burst('one', 1000)]);
  const [name = ''] = await readdir(folder);
  const { size } = await stat(join(folder, name));
  await store.collect([say('one', 2000, 'little')]);
  await truncate(join(folder, name), size / 2);
  const left = await messagesOf(store, 'one');
  expect(left.length).toBeGreaterThan(linesOfBurst / 4);
  expect(left).toEqual([...messagesOfBurst.slice(0, left.length - 1), 'little']);
  {
    await using handle = await open(join(folder, name), 'r+');
    await handle.write(Buffer.alloc(size / 2));
  }
  expect(await messagesOf(store, 'one')).toEqual(['little']);
  await rm(join(folder, name));
  expect(await messagesOf(store, 'one')).toEqual(['little']);
  expect((await followAll(store, 'one', after)).map(messageOf)).toEqual(['little']);
});

test('where no file can be written the entries stay with the rows', async () => {
  const { file, folder } = await newPlace();
  await writeFile(folder, 'in the way');
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000)]);
  expect(await messagesOf(store, 'one')).toEqual(messagesOfBurst);
});

test('a batch that is not committed leaves no file', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  using database = new DatabaseSync(file);
  database.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON log_block BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  await expect(store.collect([burst('one', 1000), burst('two', 1000)])).rejects.toThrow('refused');
  expect(await readdir(folder)).toEqual([]);
  database.exec('DROP TRIGGER refuse');
  await store.collect([burst('one', 1000)]);
  expect(await messagesOf(store, 'one')).toEqual(messagesOfBurst);
});

test('characters of several bytes, and a line that is larger than any block, come back from a file', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  // Each takes six characters once it is printed as JSON, and what is coloured is.
  const escaped = '\u0001'.repeat(60_000);
  const lines = [`\u001b[31m${escaped}`, 'größer ☃ 🚀'.repeat(3000), `\u001b[31m${escaped}`];
  await store.collect([{ ...say('one', 1000, lines.join('\n')) }]);
  expect(await readdir(folder)).toHaveLength(1);
  expect(await messagesOf(store, 'one')).toEqual([escaped, lines[1], escaped]);
});

test('a backup has everything, whether it was in a file or not', async () => {
  const { file } = await newPlace();
  const copy = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000), burst('two', 2000), say('three', 3000, 'little')]);
  await copySnapshot(file, copy.file);
  await using restored = await openSqliteLogStore({ file: copy.file });
  for (const deployment of ['one', 'two', 'three'])
    expect(await allOf(restored, deployment)).toEqual(await allOf(store, deployment));
  await restored.collect([burst('one', 4000)]);
  expect(await messagesOf(restored, 'one')).toHaveLength(2 * linesOfBurst);
});

test('a backup that is made while logs are forgotten has what is left', async () => {
  const { file, folder } = await newPlace();
  const copy = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000), burst('two', 2000)]);
  const [first = ''] = (await readdir(folder)).toSorted();
  await rm(join(folder, first));
  await copySnapshot(file, copy.file);
  await using restored = await openSqliteLogStore({ file: copy.file });
  expect(await messagesOf(restored, 'one')).toEqual([]);
  expect(await messagesOf(restored, 'two')).toEqual(messagesOfBurst);
});

test('a row that names another file gets nothing of it, and does it no harm', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000)]);
  await store.collect([say('one', 2000, 'little')]);
  const outside = join(folder, '..', 'outside');
  await writeFile(outside, messagesOfBurst.join('\n'));
  {
    using database = new DatabaseSync(file);
    database.exec("UPDATE log_block SET file = '../outside' WHERE file IS NOT NULL");
  }
  expect(await messagesOf(store, 'one')).toEqual(['little']);
  const copy = await newPlace();
  await copySnapshot(file, copy.file);
  await using restored = await openSqliteLogStore({ file: copy.file });
  expect(await messagesOf(restored, 'one')).toEqual(['little']);
  await store.prune({ before: 0, deployments: ['one'] });
  expect((await stat(outside)).isFile()).toBe(true);
});

test('a page that is lost takes its block with it, and whoever follows goes on behind it', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  const lines = Array.from({ length: 4000 }, (_, number) =>
    JSON.stringify({ level: 'info', number, text: 'x'.repeat(60) }),
  );
  for (const page of [0, 1, 2]) {
    const deploymentId = `of page ${page}`;
    const after = await store.position({ deploymentId });
    const parts = Array.from({ length: 40 }, (_, part) =>
      lines.slice(part * 100, part * 100 + 100),
    );
    await store.collect(parts.map((part) => say(deploymentId, 1000, part.join('\n'))));
    const name = (await readdir(folder)).toSorted().at(-1) ?? '';
    {
      await using handle = await open(join(folder, name), 'r+');
      await handle.write(Buffer.alloc(4096), 0, 4096, page * 4096);
    }
    const left = lines.length - 500;
    expect(await allOf(store, deploymentId)).toHaveLength(left);
    expect(await followAll(store, deploymentId, after)).toHaveLength(left);
    const inTheMidst = String(Number(after) + 150);
    expect(await followAll(store, deploymentId, inTheMidst)).toHaveLength(left);
  }
});

test('pages of the database are given back where files come instead of rows', async () => {
  const { file, folder } = await newPlace();
  const maxBytes = 4 * 1024 * 1024;
  await using store = await openSqliteLogStore({ file, maxBytes });
  const small = messagesOfBurst.slice(0, 2000).join('\n');
  for (let time = 0; time < 40; time += 1) await store.collect([say('one', time, small)]);
  await store.prune({ before: 0 });
  expect(await readdir(folder).catch(() => [])).toEqual([]);
  expect((await sizesOf(file)).pages).toBeGreaterThan(maxBytes * 0.9);
  for (let time = 40; time < 80; time += 1) await store.collect([burst('one', time)]);
  await store.prune({ before: 0 });
  const { pages, files } = await sizesOf(file);
  expect(files).toBeGreaterThan(maxBytes * 0.8);
  expect(pages + files).toBeLessThan(maxBytes * 1.2);
});

test('files that cannot be removed fail no removal of rows, and are told of', async () => {
  const { file, folder } = await newPlace();
  await using store = await openSqliteLogStore({ file });
  await store.collect([burst('one', 1000)]);
  const [name = ''] = await readdir(folder);
  await rm(join(folder, name));
  await mkdir(join(folder, name));
  const stuck = `${Date.now() - 2 * hourMs}-17-1`;
  const left = `${Date.now() - 2 * hourMs}-17-2`;
  await mkdir(join(folder, stuck));
  await writeFile(join(folder, left), 'x');
  expect(await messagesOf(store, 'one')).toEqual([]);
  await expect(store.prune({ before: 0, deployments: ['one'] })).rejects.toThrow(
    '1 files of logs that nobody needs cannot be removed',
  );
  expect(rowsOf(file)).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual([name, stuck].toSorted());
});

test('a backup with blocks in files is not of our making, and is not restored', async () => {
  const { file } = await newPlace();
  const target = await openLogSnapshots(file).create(openLogSnapshots(file).schema);
  await using _target = target;
  const columns = [
    ...['id', 'deployment_id', 'application_name', 'first_at', 'last_at', 'severities'],
    ...['entry_count', 'entries', 'file', 'file_from', 'file_bytes'],
  ];
  const insert = target.openTable('log_block', columns);
  const row = (name: string | null) => [1, 'one', 'app', 1, 1, 1, 1, '', name, 0, 4e18];
  for (const name of ['1000-1-1', null])
    await expect(insert([row(name)])).rejects.toThrow('lie in files');
});

async function copySnapshot(from: string, to: string): Promise<void> {
  await using snapshot = await openLogSnapshots(from).open();
  await using target = await openLogSnapshots(to).create(snapshot.schema);
  for (const { name, columns, rows } of snapshot.tables) {
    const insert = target.openTable(name, columns);
    for await (const row of rows()) await insert([row]);
  }
  await target.finish();
}

async function newPlace(): Promise<{ readonly file: string; readonly folder: string }> {
  const file = join(await makeTempFolder(), 'logs.db');
  return { file, folder: `${file}-blocks` };
}

const messagesOfBurst = Array.from({ length: linesOfBurst }, (_, number) =>
  number % 1000 === 7 ? `error: ${number} ${'x'.repeat(80)}` : `${number} ${'x'.repeat(80)}`,
);

/** More than a row is to hold. */
function burst(deploymentId: string, timestamp: number): LogOutput {
  return say(deploymentId, timestamp, messagesOfBurst.join('\n'));
}

function say(deploymentId: string, timestamp: number, output: string): LogOutput {
  return { deploymentId, applicationName: 'app', timestamp, output, secrets: [] };
}

function rowsOf(file: string): number {
  using database = new DatabaseSync(file);
  return Number(database.prepare('SELECT count(*) AS rows FROM log_block').get()?.['rows']);
}

async function sizesOf(file: string): Promise<{ readonly pages: number; readonly files: number }> {
  using database = new DatabaseSync(file);
  const { bytes } = database
    .prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size')
    .get() as { bytes: number };
  const folder = `${file}-blocks`;
  const found = await Promise.all(
    (await readdir(folder).catch(() => [])).map((name) => stat(join(folder, name))),
  );
  return { pages: bytes, files: found.reduce((sum, { size }) => sum + size, 0) };
}

function keptInRows(file: string): number {
  using database = new DatabaseSync(file);
  const [row] = database.prepare('SELECT sum(octet_length(entries)) AS bytes FROM log_block').all();
  return Number(row?.['bytes']);
}

function all(deploymentId: string) {
  return { deploymentId, from: 0, to: 1_000_000, limit: 1000 };
}

async function allOf(store: LogStore, deploymentId: string): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; ) {
    isFirst = false;
    const page = await store.query({
      ...all(deploymentId),
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.entries);
    after = page.next;
  }
  return found;
}

async function messagesOf(store: LogStore, deploymentId: string): Promise<readonly string[]> {
  return (await allOf(store, deploymentId)).map(messageOf);
}

async function followAll(store: LogStore, deploymentId: string, begin: string) {
  const found: LogEntry[] = [];
  for (let after = begin, isMore = true; isMore; ) {
    const page = await store.follow({ deploymentId, after, limit: 500 });
    found.push(...page.arrivals.map(({ entry }) => entry));
    ({ next: after, isMore } = page);
  }
  return found;
}

function messageOf({ details }: LogEntry): string {
  return String(details['message']);
}
