import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Client } from 'pg';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { createDatabase } from './create-database.ts';

/** Set by the project of the tests that runs them on PostgreSQL: the URL of a server that has the template. */
export const serverSetting = 'BERTH_TEST_POSTGRES_URL';
/** A database with Berth's schema and no records. */
export const templateDatabase = 'berth_template';

/** Where a world of the tests keeps its records: with the engine that the run of the tests asks for. */
export interface RecordsPlace extends AsyncDisposable {
  readonly engine: 'sqlite' | 'postgres';
  open(): Promise<Store>;
  /** For a Berth that runs as a program. */
  readonly settings: Readonly<Record<string, string>>;
  /** Everything that is written there, for who looks for what must not be. */
  readAll(): Promise<Buffer>;
}

/** @param file for the engine that has one */
export async function makeRecordsPlace(file: string): Promise<RecordsPlace> {
  const server = process.env[serverSetting];
  return server === undefined ? placeInFile(file) : placeOnServer(server);
}

/** The store of a place that is gone with it. */
export async function openOwnStore(file: string): Promise<Store> {
  const place = await makeRecordsPlace(file);
  const store = await place.open();
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

function placeInFile(file: string): RecordsPlace {
  return {
    engine: 'sqlite',
    open: () => openSqliteStore({ file }),
    settings: {},
    async readAll() {
      const names = await readdir(dirname(file));
      const its = names.filter((name) => name.startsWith(basename(file)));
      return Buffer.concat(
        await Promise.all(its.map((name) => readFile(join(dirname(file), name)))),
      );
    },
    // Whoever made the folder removes it.
    async [Symbol.asyncDispose]() {},
  };
}

async function placeOnServer(server: string): Promise<RecordsPlace> {
  const database = await createDatabase(server, { template: templateDatabase });
  const { url } = database;
  return {
    engine: 'postgres',
    open: () => openPostgresStore({ url }),
    settings: { BERTH_DATABASE_URL: url },
    readAll: () => readAllRows(url),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function readAllRows(url: string): Promise<Buffer> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    const texts: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(...rows.map(({ row }) => row));
    }
    return Buffer.from(texts.join('\n'));
  } finally {
    await client.end();
  }
}
