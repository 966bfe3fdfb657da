import { readdir, readlink, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { Failure } from '../../src/core/failure.ts';
import {
  AffectedRowsError,
  isUniqueViolation,
  SqliteBusyError,
} from '../../src/drivers/sqlite/errors.ts';
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts';
import { migrations, openNotes } from '../fixtures/sqlite/notes.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const insertProgram = new URL('../fixtures/sqlite/insert.ts', import.meta.url);
const countUpProgram = new URL('../fixtures/sqlite/count-up.ts', import.meta.url);

async function openNew() {
  const file = join(await makeTempFolder(), 'data', 'notes.sqlite');
  return { file, database: await openNotes(file) };
}

test('rows come back as they were written', async () => {
  const { database } = await openNew();
  await using _ = database;
  const result = await sql<{
    text: string;
    real: number;
    none: null;
    yes: number;
    bytes: Uint8Array;
    big: number;
  }>`SELECT ${'ä'} AS text, ${0.5} AS real, ${null} AS none, ${true} AS yes, ${new Uint8Array([1, 2])} AS bytes, ${10n} AS big`.execute(
    database.kysely,
  );
  expect(result.rows).toEqual([
    { text: 'ä', real: 0.5, none: null, yes: 1, bytes: new Uint8Array([1, 2]), big: 10 },
  ]);
});

test('kysely is told the new id and the number of changed rows', async () => {
  const { database } = await openNew();
  await using _ = database;
  const insert = () => database.kysely.insertInto('note').values({ author: 'a', text: 'b' });
  const inserted = await insert().executeTakeFirstOrThrow();
  expect(inserted).toMatchObject({ insertId: 1n, numInsertedOrUpdatedRows: 1n });
  const removed = await database.kysely.deleteFrom('note').executeTakeFirstOrThrow();
  expect(removed.numDeletedRows).toBe(1n);
  const returned = await insert().returning('text').executeTakeFirstOrThrow();
  expect(returned).toEqual({ text: 'b' });
});

test('only batches that may be lost do not wait for the disk, and none that shares their commit', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  await using database = await openSqlite({ file, synchronous: 'FULL', migrations });
  const { kysely, runBatch } = database;
  const level = sql<{ synchronous: number }>`PRAGMA synchronous`.compile(kysely);
  const inBatch = async (mayBeLost: boolean) => {
    const [{ rows }] = await runBatch([level], { mayBeLost });
    return rows[0]?.synchronous;
  };
  const [normal, full] = [1, 2];
  expect(await inBatch(true)).toBe(normal);
  expect(await inBatch(false)).toBe(full);
  expect(await inBatch(true)).toBe(normal);
  expect(await sql`PRAGMA synchronous`.execute(kysely)).toMatchObject({
    rows: [{ synchronous: full }],
  });
  const together = await Promise.all([inBatch(true), inBatch(false), inBatch(true)]);
  expect(together[1]).toBe(full);
  expect(await inBatch(true)).toBe(normal);
});

test('a parameter that SQLite cannot keep is refused', async () => {
  const { database } = await openNew();
  await using _ = database;
  await expect(sql`SELECT ${undefined}`.execute(database.kysely)).rejects.toThrow(
    'Parameter 1 is no SQLite value (undefined): SELECT ?',
  );
  const statement = { sql: 'SELECT ?', parameters: [new Date()] };
  await expect(database.runBatch([statement])).rejects.toThrow('Parameter 1');
});

test('a second row with the same unique value is told apart from other errors', async () => {
  const { database } = await openNew();
  await using _ = database;
  const note = database.kysely.insertInto('note').values({ id: 1, author: 'a', text: 'b' });
  await note.execute();
  const key = await note.execute().catch((error: unknown) => error);
  expect(isUniqueViolation(key)).toBe(true);
  expect(key).toMatchObject({ code: 'SQLITE_CONSTRAINT', errcode: 1555 });
  const index = await database
    .runBatch([database.kysely.insertInto('note').values({ author: 'a', text: 'b' }).compile()])
    .catch((error: unknown) => error);
  expect(isUniqueViolation(index)).toBe(true);
  const other = await sql`SELECT nothing`.execute(database.kysely).catch((error: unknown) => error);
  expect(isUniqueViolation(other)).toBe(false);
  expect(other).toMatchObject({ code: 'SQLITE_ERROR', name: 'SqliteError' });
});

test('a batch is done as a whole or not at all', async () => {
  const { database } = await openNew();
  await using _ = database;
  const insert = (text: string) =>
    database.kysely.insertInto('note').values({ author: 'a', text }).compile();
  const [, changed] = await database.runBatch([
    insert('1'),
    database.kysely.updateTable('note').set({ author: 'b' }).compile(),
  ]);
  expect(changed.changes).toBe(1);
  const failing = database.runBatch([insert('2'), insert('2')]);
  const good = database.runBatch([insert('3')]);
  await expect(failing).rejects.toThrow('UNIQUE');
  await good;
  const select = database.kysely.selectFrom('note').select('text').orderBy('id').compile();
  const [texts] = await database.runBatch([select], { readOnly: true });
  expect(texts.rows.map(({ text }) => text)).toEqual(['1', '3']);
});

test('a batch is undone where a statement changes another number of rows than it must', async () => {
  const { database } = await openNew();
  await using _ = database;
  const insert = database.kysely.insertInto('note').values({ author: 'a', text: '1' }).compile();
  const update = database.kysely.updateTable('note').set({ text: '2' }).where('id', '=', 7);
  const failed = database.runBatch([insert, { ...update.compile(), affects: 1 }]);
  await expect(failed).rejects.toThrow(AffectedRowsError);
  await expect(failed).rejects.toMatchObject({ statement: 1, rows: 0 });
  expect(await database.kysely.selectFrom('note').selectAll().execute()).toEqual([]);
});

test('many batches at once all succeed, each in its own right', async () => {
  const { database } = await openNew();
  await using _ = database;
  const insert = (text: number) =>
    database.kysely
      .insertInto('note')
      .values({ author: 'a', text: String(text % 500) })
      .compile();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, text) => database.runBatch([insert(text)])),
  );
  expect(outcomes.map(({ status }) => status)).toEqual([
    ...Array(500).fill('fulfilled'),
    ...Array(500).fill('rejected'),
  ]);
});

test('transactions that run at once do not see each other', async () => {
  const { database } = await openNew();
  await using _ = database;
  await database.kysely.insertInto('note').values({ author: 'counter', text: '0' }).execute();
  const next = () =>
    database.kysely.transaction().execute(async (transaction) => {
      const { text } = await transaction
        .selectFrom('note')
        .select('text')
        .executeTakeFirstOrThrow();
      const update = transaction.updateTable('note').set({ text: String(Number(text) + 1) });
      await update.execute();
    });
  await Promise.all(Array.from({ length: 50 }, next));
  const counter = await database.kysely.selectFrom('note').select('text').executeTakeFirst();
  expect(counter).toEqual({ text: '50' });
});

test('a statement outside of a transaction does not slip into it', async () => {
  const { database } = await openNew();
  await using _ = database;
  const insert = (text: string) => database.kysely.insertInto('note').values({ author: 'a', text });
  const inside = Promise.withResolvers<void>();
  const undone = database.kysely.transaction().execute(async (transaction) => {
    await transaction.insertInto('note').values({ author: 'a', text: 'undone' }).execute();
    inside.resolve();
    await transaction.selectFrom('note').selectAll().execute();
    throw new Error('changed my mind');
  });
  await inside.promise;
  const others = Promise.all([insert('1').execute(), database.runBatch([insert('2').compile()])]);
  await expect(undone).rejects.toThrow('changed my mind');
  await others;
  const texts = await database.kysely.selectFrom('note').select('text').orderBy('text').execute();
  expect(texts).toEqual([{ text: '1' }, { text: '2' }]);
});

test('a savepoint takes back a part of a transaction', async () => {
  const { database } = await openNew();
  await using _ = database;
  const transaction = await database.kysely.startTransaction().execute();
  await transaction.insertInto('note').values({ author: 'a', text: '1' }).execute();
  const inner = await transaction.savepoint('inner').execute();
  await inner.insertInto('note').values({ author: 'a', text: '2' }).execute();
  const outer = await inner.rollbackToSavepoint('inner').execute();
  await outer.commit().execute();
  const texts = await database.kysely.selectFrom('note').select('text').execute();
  expect(texts).toEqual([{ text: '1' }]);
});

test('transactions of two processes wait for each other', async () => {
  const { file, database } = await openNew();
  await using _ = database;
  await database.kysely.insertInto('note').values({ author: 'counter', text: '0' }).execute();
  await Promise.all([1, 2].map(() => runProgram(countUpProgram, [file, '150'])));
  const counter = await database.kysely.selectFrom('note').select('text').executeTakeFirst();
  expect(counter).toEqual({ text: '300' });
});

test('a file that stays locked is reported as busy, and nothing is changed', async () => {
  const { file, database } = await openNew();
  await using _ = database;
  await using impatient = await openNotes(file, { busyTimeoutMs: 20 });
  const transaction = await database.kysely.startTransaction().execute();
  const insert = impatient.kysely.insertInto('note').values({ author: 'a', text: '1' });
  await expect(insert.execute()).rejects.toThrow(SqliteBusyError);
  await expect(impatient.runBatch([insert.compile()])).rejects.toThrow(SqliteBusyError);
  await expect(impatient.kysely.startTransaction().execute()).rejects.toThrow(file);
  expect(await impatient.kysely.selectFrom('note').selectAll().execute()).toEqual([]);
  await transaction.rollback().execute();
  await insert.execute();
});

test('kill -9 loses nothing that was acknowledged', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  for (const author of ['first', 'second', 'third']) {
    await using program = startProgram(insertProgram, [file, author, '1000000']);
    await expect
      .poll(() => program.lines.length, { interval: 1, timeout: 60_000 })
      .toBeGreaterThan(100);
    await program.kill();
    const acknowledged = Number(program.lines.at(-1));
    await using database = await openNotes(file);
    const { count } = await database.kysely
      .selectFrom('note')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('author', '=', author)
      .executeTakeFirstOrThrow();
    // The last one may have been committed but not printed.
    expect([acknowledged, acknowledged + 1]).toContain(count);
  }
});

test('processes that open a new file at the same moment all succeed', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  const authors = ['1', '2', '3', '4'];
  await Promise.all(authors.map((author) => runProgram(insertProgram, [file, author, '1'])));
  await Promise.all(
    authors.map(async () => {
      await using _ = await openNotes(file);
    }),
  );
  await using database = await openNotes(file);
  expect(await database.kysely.selectFrom('note').selectAll().execute()).toHaveLength(4);
});

test('a watcher hears of the commits of its own and of other processes', async () => {
  const { file, database } = await openNew();
  await using _ = database;
  const hint = vi.fn();
  const stop = database.watch(hint);
  await database.kysely.transaction().execute(async (transaction) => {
    await transaction.insertInto('note').values({ author: 'a', text: '1' }).execute();
    await transaction.selectFrom('note').selectAll().execute();
  });
  await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBe(1);
  hint.mockClear();
  await runProgram(insertProgram, [file, 'other', '3']);
  await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
  stop();
  hint.mockClear();
  await database.kysely.deleteFrom('note').execute();
  await runProgram(insertProgram, [file, 'another', '1']);
  expect(hint).not.toHaveBeenCalled();
});

test('a quiet batch is no news to anybody, and hides nothing of what is', async () => {
  const { file, database } = await openNew();
  await using _ = database;
  await using other = await openNotes(file);
  const [hint, hintOfOther] = [vi.fn(), vi.fn()];
  database.watch(hint);
  other.watch(hintOfOther);
  let text = 0;
  const insert = () =>
    database.kysely
      .insertInto('note')
      .values({ author: 'a', text: `${text++}` })
      .compile();
  for (let time = 0; time < 50; time += 1) await database.runBatch([insert()], { isQuiet: true });
  expect(hint).not.toHaveBeenCalled();
  const loud = [database.runBatch([insert()], { isQuiet: true }), database.runBatch([insert()])];
  await Promise.all(loud);
  await expect.poll(() => hint.mock.calls.length).toBe(1);
  await expect.poll(() => hintOfOther.mock.calls.length).toBeGreaterThan(0);
  hint.mockClear();
  const foreign = other.runBatch([insert()]);
  for (let time = 0; time < 50; time += 1) await database.runBatch([insert()], { isQuiet: true });
  await foreign;
  await expect.poll(() => hint.mock.calls.length).toBeGreaterThan(0);
});

test('a write-ahead log that has grown is written back once nothing is written', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  await using database = await openNotes(file, { writeBack: { quiet: 4, most: 100_000 } });
  using other = new DatabaseSync(file);
  const look = other.prepare('PRAGMA wal_checkpoint(NOOP)');
  const text = 'x'.repeat(50_000);
  await database.kysely.insertInto('note').values({ author: 'a', text }).execute();
  await expect
    .poll(() => {
      const { log, checkpointed } = look.get() as { log: number; checkpointed: number };
      return log - checkpointed;
    })
    .toBe(0);
});

test('reading gives no hint', async () => {
  const { database } = await openNew();
  await using _ = database;
  const hint = vi.fn();
  database.watch(hint);
  for (let time = 0; time < 50; time += 1)
    await database.kysely.selectFrom('note').selectAll().execute();
  expect(hint).not.toHaveBeenCalled();
});

test('later migrations are applied to a file that has the earlier ones', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  {
    await using old = await openNotes(file, { migrations: migrations.slice(0, 1) });
    await old.kysely.insertInto('note').values({ author: 'a', text: '1' }).execute();
  }
  await using database = await openNotes(file);
  const again = database.kysely.insertInto('note').values({ author: 'a', text: '1' }).execute();
  await expect(again).rejects.toSatisfy(isUniqueViolation);
});

test('a migration that fails leaves nothing behind', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  const broken = { number: 3, name: 'broken', sql: 'CREATE TABLE half (id); SELECT nothing' };
  await expect(openNotes(file, { migrations: [...migrations, broken] })).rejects.toThrow('nothing');
  await using database = await openNotes(file);
  const tables = await database.kysely.introspection.getTables();
  expect(tables.map(({ name }) => name)).not.toContain('half');
});

test('a file of a newer version is refused', async () => {
  const { file, database } = await openNew();
  await database[Symbol.asyncDispose]();
  const failure = await openNotes(file, { migrations: migrations.slice(0, 1) }).catch((e) => e);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure.message).toContain('written by a newer version of Berth: it is at schema 2');
  expect(failure.nextStep).toContain('newer version');
});

test('a file with another history is refused', async () => {
  const { file, database } = await openNew();
  await database[Symbol.asyncDispose]();
  const [first, second] = migrations;
  const changed = [first, { ...second, sql: 'SELECT 1' }] as typeof migrations;
  await expect(openNotes(file, { migrations: changed })).rejects.toThrow('has another schema 2');
});

test('a file that is no database is refused by name', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  await writeFile(file, 'Dear diary, '.repeat(1000));
  await expect(openNotes(file)).rejects.toThrow(file);
});

test('foreign keys are enforced', async () => {
  const file = join(await makeTempFolder(), 'family.sqlite');
  const schema = 'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a (id))';
  await using database = await openSqlite({
    file,
    synchronous: 'NORMAL',
    migrations: [{ number: 1, name: 'family', sql: schema }],
  });
  const orphan = sql`INSERT INTO b VALUES (1)`.execute(database.kysely);
  await expect(orphan).rejects.toThrow('FOREIGN KEY');
});

test('a thread that nobody asks ends, and the next command starts another one', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  await using database = await openNotes(file, { restMs: 1 });
  const insert = (text: string) => database.kysely.insertInto('note').values({ author: 'a', text });
  for (const text of ['1', '2', '3']) {
    await expect.poll(() => isOpen(file)).toBe(false);
    const second = database.runBatch([insert(`${text}b`).compile()]);
    await Promise.all([insert(text).execute(), second]);
  }
  const texts = await database.kysely.selectFrom('note').select('text').orderBy('text').execute();
  expect(texts.map(({ text }) => text)).toEqual(['1', '1b', '2', '2b', '3', '3b']);
  await expect.poll(() => isOpen(file)).toBe(false);
  await database[Symbol.asyncDispose]();
  await expect(insert('late').execute()).rejects.toThrow('is closed');
  expect(await isOpen(file)).toBe(false);
});

test('a thread does not rest in a transaction, nor while somebody watches', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  await using database = await openNotes(file, { restMs: 1 });
  const insert = (text: string) => database.kysely.insertInto('note').values({ author: 'a', text });
  const transaction = await database.kysely.startTransaction().execute();
  await transaction.insertInto('note').values({ author: 'a', text: '1' }).execute();
  // Longer than the thread would wait.
  await runProgram(insertProgram, [join(await makeTempFolder(), 'other.sqlite'), 'a', '1']);
  expect(await isOpen(file)).toBe(true);
  await transaction.commit().execute();
  await expect.poll(() => isOpen(file)).toBe(false);
  const hint = vi.fn();
  const stop = database.watch(hint);
  await runProgram(insertProgram, [file, 'other', '1']);
  await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
  stop();
  await insert('2').execute();
  await expect.poll(() => isOpen(file)).toBe(false);
});

test('what was asked of a thread that rests is done before it is closed, and then the file is closed', async () => {
  const file = join(await makeTempFolder(), 'notes.sqlite');
  for (let round = 0; round < 20; round += 1) {
    const database = await openNotes(file, { restMs: 1 });
    const insert = (text: string) =>
      database.kysely
        .insertInto('note')
        .values({ author: `${round}`, text })
        .compile();
    if (round % 2 === 0) await expect.poll(() => isOpen(file)).toBe(false);
    else await database.runBatch([insert('first')]);
    const asked = database.runBatch([insert('last')]);
    await database[Symbol.asyncDispose]();
    await asked;
    expect(await isOpen(file)).toBe(false);
  }
  using direct = new DatabaseSync(file);
  expect(direct.prepare('SELECT count(*) AS notes FROM note').get()).toMatchObject({ notes: 30 });
});

test('a thread that could not be started is started again, and watches for whoever asked', async () => {
  const folder = join(await makeTempFolder(), 'data');
  const file = join(folder, 'notes.sqlite');
  await using database = await openNotes(file, { restMs: 1 });
  const insert = (text: string) =>
    database.kysely.insertInto('note').values({ author: 'a', text }).compile();
  await expect.poll(() => isOpen(file)).toBe(false);
  await rename(folder, `${folder}-away`);
  const hint = vi.fn();
  const stop = database.watch(hint);
  await expect(database.runBatch([insert('1')])).rejects.toThrow('unable to open');
  await rename(`${folder}-away`, folder);
  await database.runBatch([insert('2')]);
  await expect.poll(() => hint.mock.calls.length, { timeout: 60_000 }).toBeGreaterThan(0);
  stop();
  await expect.poll(() => isOpen(file)).toBe(false);
});

/** By this process. */
async function isOpen(file: string): Promise<boolean> {
  const folder = '/proc/self/fd';
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
  );
  return links.includes(file);
}

test('closing waits for what is running, and later calls are refused', async () => {
  const { file, database } = await openNew();
  const transaction = await database.kysely.startTransaction().execute();
  const closing = database[Symbol.asyncDispose]();
  await transaction.insertInto('note').values({ author: 'a', text: '1' }).execute();
  await transaction.commit().execute();
  await closing;
  await database[Symbol.asyncDispose]();
  const late = database.kysely.selectFrom('note').selectAll().execute();
  await expect(late).rejects.toThrow(`The database ${file} is closed`);
  using direct = new DatabaseSync(file);
  expect(direct.prepare('SELECT text FROM note').all()).toMatchObject([{ text: '1' }]);
});
