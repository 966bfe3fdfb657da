import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Client } from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { backUp, verifyBackup } from '../../src/compose/backup/backup.ts';
import { counterparts } from '../../src/compose/backup/engines.ts';
import { restore } from '../../src/compose/backup/restore.ts';
import { openStore } from '../../src/compose/open-store.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { readEnv } from '../../src/config/read-env.ts';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openSecretBox } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { migrations as postgresMigrations } from '../../src/drivers/store/postgres/migrations.ts';
import { openPostgresStore } from '../../src/drivers/store/postgres/open-postgres-store.ts';
import { openStoreSnapshots as openPostgresSnapshots } from '../../src/drivers/store/postgres/snapshots.ts';
import { migrations as sqliteMigrations } from '../../src/drivers/store/sqlite/migrations.ts';
import { openStoreSnapshots as openSqliteSnapshots } from '../../src/drivers/store/sqlite/snapshots.ts';
import { type Records, recordsIn, recordsOf } from '../support/all-rows.ts';
import { type Berth, startBerth } from '../support/berth.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import {
  countOlderDeployments,
  fillOlderStore,
  olderCounts,
} from '../support/older-deployments.ts';
import { makeDatabase } from '../support/postgres-database.ts';
import { ask } from '../support/request-loop.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');
const password = 'a-password-of-the-database';
const progress = () => {};

/** The server asks for no password, and takes any. */
async function makeOwnDatabase(): Promise<string> {
  return Object.assign(new URL(await makeDatabase(inject('postgresUrl'))), { password }).href;
}

function berthCommand(settings: Readonly<Record<string, string>>, ...words: readonly string[]) {
  return execa(process.execPath, [program, ...words], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    reject: false,
    all: true,
  });
}

const configOf = (dataDirectory: string, databaseUrl = '') =>
  parseConfig(readEnv({ BERTH_DATA_DIR: dataDirectory, BERTH_DATABASE_URL: databaseUrl }));

async function onDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const tablesOf = (url: string): Promise<number> =>
  onDatabase(url, async (client) => {
    const { rows } = await client.query(
      "select 1 from information_schema.tables where table_schema = 'public'",
    );
    return rows.length;
  });

/** What is too rare to come up in a test by itself stands in every table all the same, with the largest numbers. */
const fillEmptyTables = (url: string) =>
  onDatabase(url, async (client) => {
    const { rows: columns } = await client.query<{ table: string; name: string; type: string }>(
      `select table_name as table, column_name as name, data_type as type from information_schema.columns
       where table_schema = 'public' and is_identity = 'NO'`,
    );
    for (const [table, its = []] of Object.entries(Object.groupBy(columns, (one) => one.table))) {
      const { rows } = await client.query(`select 1 from ${table} limit 1`);
      if (rows.length > 0) continue;
      const text = '\'ä "quoted" {\\\\} , \u2028 三\'';
      const values = its.map(({ type }) => (type === 'bigint' ? Number.MAX_SAFE_INTEGER : text));
      await client.query(
        `insert into ${table} (${its.map(({ name }) => name)}) values (${values.join(', ')})`,
      );
    }
  });

/** The records in a backup, as `recordsIn` gives them. */
async function recordsOfBackup(file: string): Promise<Records['tables']> {
  const lines = gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n');
  const tables: Record<string, string[]> = {};
  let rows: string[] = [];
  let columns: readonly string[] = [];
  for (const line of lines.map((text) => JSON.parse(text))) {
    if (line.part === 'store') {
      columns = line.columns;
      rows = [];
      tables[line.table] = rows;
    } else if (line.part !== undefined) break;
    else if (Array.isArray(line)) {
      const named = columns.map((column, at) => [column, line[at]] as const);
      const sorted = named.toSorted(([one], [other]) => (one < other ? -1 : 1));
      rows.push(JSON.stringify(Object.fromEntries(sorted)));
    }
  }
  return Object.fromEntries(Object.entries(tables).map(([name, all]) => [name, all.toSorted()]));
}

/** Drafts through the API, one after the other. */
function startWriting(berth: Berth, repository: { readonly url: string; readonly tag: string }) {
  const written: string[] = [];
  let done = false;
  const writing = (async () => {
    while (!done) {
      const { status, body } = await berth.request('POST', '/connectors/drafts', {
        name: `Draft ${written.length}`,
        creator: { email: 'somebody@example.com' },
        repository,
      });
      expect(status, JSON.stringify(body)).toBe(201);
      written.push(body.id);
    }
  })();
  return {
    written,
    async stop(): Promise<void> {
      done = true;
      await writing;
    },
  };
}

async function moveAway(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
}

test('a Berth on PostgreSQL is backed up while it is written to, and comes back with every row, in either engine', {
  timeout: 360_000,
}, async () => {
  const folder = await makeTempFolder();
  const url = await makeOwnDatabase();
  await using berth = await startBerth({
    environment: { BERTH_DATABASE_URL: url },
    parent: folder,
  });
  const { dataDirectory } = berth;
  const files = tinyConnector({ web: { spec: keys(['VALUE'], ['SECRET']) } });
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const deployed = await deploy(berth, {
    ...draftOf(connector),
    configurations: [
      {
        applicationName: 'web',
        standardConfiguration: [{ key: 'VALUE', value: 'the value' }],
        securedConfiguration: [{ key: 'SECRET', value: 'the secret' }],
      },
    ],
  });
  expect(deployed.body.status, JSON.stringify(deployed.body.details)).toBe('Deployed');
  const web = deployed.body.applications[0].url;

  const writer = startWriting(berth, { url: repository.url, tag: 'v1' });
  await expect.poll(() => writer.written.length).toBeGreaterThan(3);
  const before = [...writer.written];
  const file = join(folder, 'backup');
  const settings = { BERTH_DATA_DIR: dataDirectory, BERTH_DATABASE_URL: url };
  const backup = await berthCommand(settings, 'backup', file, '--json');
  await writer.stop();
  expect(backup.exitCode, backup.all).toBe(0);
  expect(writer.written.length).toBeGreaterThan(before.length);
  const verified = await berthCommand(
    { BERTH_DATA_DIR: '/none' },
    'backup',
    '--verify',
    file,
    '--json',
  );
  expect(JSON.parse(verified.stdout)).toEqual(JSON.parse(backup.stdout));
  const unpacked = gunzipSync(await readFile(file)).toString();
  for (const secret of [password, 'the secret', berth.client.secret])
    expect(`${unpacked}${backup.all}`).not.toContain(secret);

  const other = await makeOwnDatabase();
  await berth.stop();
  const old = join(folder, 'old');
  await moveAway(dataDirectory, old);
  const keyFile = join(old, 'keys/secrets.key');
  const restored = await berthCommand(
    { BERTH_DATA_DIR: dataDirectory, BERTH_DATABASE_URL: other },
    ...['restore', file, '--key-file', keyFile],
  );
  expect(restored.exitCode, restored.all).toBe(0);
  expect(restored.all).not.toContain(password);
  const records = await recordsIn(other);
  const { identity_sequence: _given, ...inFile } = await recordsOfBackup(file);
  expect(records.tables).toEqual(inFile);
  // One moment: what was made before is there, and nothing without the line that was committed with it.
  const parse = (table: string) => (records.tables[table] ?? []).map((row) => JSON.parse(row));
  const drafts = parse('connector_staged').map(({ id }) => id);
  expect(drafts).toEqual(expect.arrayContaining(before));
  const created = parse('audit_log').filter(({ action }) => /^createConnector/i.test(action));
  expect(created.map((entry) => entry.resource_id).toSorted()).toEqual(drafts.toSorted());

  await berth.start({ BERTH_DATABASE_URL: other });
  const read = async (address: string) => (await ask(address)).body;
  await expect.poll(() => read(web), { timeout: 60_000 }).toBe('the value');
  expect(await read(`${web}/env/SECRET`)).toBe('the secret');
  const again = await redeploy(berth, deployed);
  expect(again.status).toBe(201);
  expect((await settleDeployment(berth, deployed.body.id)).body).toMatchObject({
    status: 'Deployed',
    version: 2,
  });
  await berth.stop();
  const numbers = (await recordsIn(other)).tables['operation']?.map((row) => JSON.parse(row).seq);
  expect(Math.max(...(numbers ?? []))).toBeGreaterThan(records.given['operation'] ?? 0);

  // From one engine to the other and back.
  await fillEmptyTables(other);
  const all = await recordsIn(other);
  expect(Object.values(all.tables).filter((rows) => rows.length === 0)).toEqual([]);
  const hop = async (from: ReturnType<typeof configOf>, to: ReturnType<typeof configOf>) => {
    const between = `${to.dataDirectory}.backup`;
    await backUp(from, { file: between, version: '1', progress });
    await restore(to, { file: between, keyFile, progress });
  };
  const inFolder = configOf(join(folder, 'sqlite'));
  await hop(configOf(dataDirectory, other), inFolder);
  expect(recordsOf(join(inFolder.dataDirectory, 'berth.db'))).toEqual(all);
  const third = await makeOwnDatabase();
  await hop(inFolder, configOf(join(folder, 'postgres'), third));
  expect(await recordsIn(third)).toEqual(all);
});

/** The data of a Berth that has run on PostgreSQL, a whole backup of it, and somewhere to restore it to. */
async function makeBackup(audit = 10) {
  const folder = await makeTempFolder();
  const dataDirectory = join(folder, 'data');
  const databaseUrl = await makeOwnDatabase();
  const keyFile = join(dataDirectory, 'keys/secrets.key');
  await openSecretBox({ keyFile });
  const config = configOf(dataDirectory, databaseUrl);
  {
    await using store = await openStore(config);
    await using _logs = await openSqliteLogStore({ file: join(dataDirectory, 'logs.db') });
    await using _events = await openEmbeddedBroker({ file: join(dataDirectory, 'events.db') });
    await store.commit([
      { kind: 'put-project', project: { key: 'p', productionEnabled: true, createdAt: 1 } },
    ]);
  }
  await onDatabase(databaseUrl, (client) =>
    client.query(
      // Nothing that repeats itself: there another byte may stand for the same text.
      `insert into audit_log (project_key, at, action, actor, resource_id, document)
       select 'p', n, 'a', 'b', 'c', (select string_agg(md5(n || '.' || part), '') from generate_series(1, 12) part)
       from generate_series(1, $1::int) n`,
      [audit],
    ),
  );
  const file = join(folder, 'backup');
  const manifest = await backUp(config, { file, version: '1', progress });
  const target = join(folder, 'restored');
  const url = await makeOwnDatabase();
  const restoreFrom = (from: string, key: string | undefined = keyFile) =>
    restore(configOf(target, url), { file: from, keyFile: key, progress });
  return { folder, config, keyFile, file, manifest, target, url, restoreFrom };
}

const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('It succeeded'),
    (error: Error) => error,
  );

describe('nothing is written to the database', () => {
  test('of a backup that is cut off or changed anywhere', async () => {
    const { folder, file, target, url, restoreFrom } = await makeBackup(2000);
    const bytes = await readFile(file);
    const broken = join(folder, 'broken');
    for (const part of [0.1, 0.5, 0.9, 1]) {
      const place = Math.floor(bytes.length * part) - 9;
      await writeFile(broken, bytes.subarray(0, place));
      expect((await failureOf(restoreFrom(broken))).name).toBe('Failure');
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] ?? 0) ^ 0x55;
      await writeFile(broken, flipped);
      expect((await failureOf(restoreFrom(broken))).name).toBe('Failure');
      expect(await tablesOf(url)).toBe(0);
      expect(await readdir(target).catch(() => [])).toEqual([]);
    }
  });

  test('without its key, of a newer schema, or with rows that do not fit', async () => {
    const { folder, file, manifest, target, url, restoreFrom } = await makeBackup();
    const key = join(folder, 'other.key');
    await openSecretBox({ keyFile: key });
    expect((await failureOf(restoreFrom(file, key))).message).toContain(
      `need the key ${manifest.keyId}`,
    );
    const text = gunzipSync(await readFile(file)).toString();
    const forge = async (change: (text: string) => string) => {
      const to = join(folder, 'forged');
      await writeFile(to, gzipSync(change(text)));
      return (await failureOf(restoreFrom(to))).message;
    };
    const later = ',{"number":99,"name":"later","checksum":"x"}]},"events"';
    expect(await forge((all) => all.replace(']},"events"', later))).toMatch(/it has schema 99/);
    // Also for who has no database at hand.
    const forged = join(folder, 'forged');
    expect((await failureOf(verifyBackup(forged, progress))).message).toMatch(/it has schema 99/);
    const row = '["p",1,"no number"]\n';
    const end = JSON.stringify({ rows: 1, sha256: createHash('sha256').update(row).digest('hex') });
    const unfit = await forge((all) => all.replace(/\["p",1,1\]\n.*/, `${row}${end}`));
    expect(unfit).toMatch(/does not take a row of project/);
    expect(await forge((all) => all.replace('"table":"project"', '"table":"data_directory"'))).toBe(
      'The backup has a table that the database has not.',
    );
    expect(await tablesOf(url)).toBe(0);
    expect(await readdir(target).catch(() => [])).toEqual([]);
  });

  test('where anything is there already, or somebody else is at work', async () => {
    const { file, target, url, restoreFrom } = await makeBackup();
    await onDatabase(url, async (client) => {
      await client.query('create table mine (id integer)');
      expect((await failureOf(restoreFrom(file))).message).toBe(
        'The database of BERTH_DATABASE_URL is not empty: it has a table mine.',
      );
      await client.query('drop table mine');
      const owner = async () => ({ id: 'another', file: '' });
      const snapshots = openPostgresSnapshots({ url, owner });
      await using _first = await snapshots.create(snapshots.schema);
      expect((await failureOf(restoreFrom(file))).message).toMatch(/another restore is at work/);
    });
    expect(await readdir(target).catch(() => [])).toEqual([]);

    await restoreFrom(file);
    await rm(target, { recursive: true });
    expect((await failureOf(restoreFrom(file))).message).toMatch(/is not empty: there are rows in/);
    expect(await readdir(target).catch(() => [])).toEqual([]);
    // What was restored belongs to the directory that it was restored with.
    expect((await failureOf(openStore(configOf(target, url)))).message).toContain(
      'another data directory',
    );
  });
});

test('a Berth that is started on a database while it is restored waits, and is told whose it is', async () => {
  const { config, url } = await makeBackup();
  const snapshots = openPostgresSnapshots({ url, owner: async () => ({ id: 'mine', file: '' }) });
  await using target = await snapshots.create(snapshots.schema);
  const started = failureOf(openStore(configOf(config.dataDirectory, url)));
  await onDatabase(url, async (client) => {
    const waiting = `select 1 from pg_stat_activity
      where wait_event = 'advisory' and datname = current_database()`;
    await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
  });
  await target.finish();
  expect((await started).message).toContain('another data directory');
});

test('tables that a start has made, and nobody has written to, are no obstacle', async () => {
  const { file, url, config, restoreFrom } = await makeBackup();
  const owner = async () => ({ id: 'nobody', file: '' });
  const snapshots = openPostgresSnapshots({ url, owner });
  {
    await using made = await snapshots.create(snapshots.schema);
    await made.finish();
  }
  await onDatabase(url, (client) => client.query('delete from data_directory'));
  await restoreFrom(file);
  expect(await recordsIn(url)).toEqual(await recordsIn(config.databaseUrl ?? ''));
});

test('kill -9 of a restore leaves the database as it was, and a directory that Berth refuses', async () => {
  const { folder, file, keyFile, target, url } = await makeBackup(60_000);
  const settings = { BERTH_DATA_DIR: target, BERTH_DATABASE_URL: url };
  const command = berthCommand(settings, 'restore', file, '--key-file', keyFile);
  await onDatabase(url, async (client) => {
    const others = async () => {
      const { rows } = await client.query(
        `select query from pg_stat_activity where application_name = 'berth' and datname = current_database()`,
      );
      return rows;
    };
    await expect
      .poll(others, { interval: 5 })
      .toContainEqual({ query: expect.stringContaining('insert into "audit_log"') });
    command.kill('SIGKILL');
    await command;
    await expect.poll(others).toEqual([]);
  });
  expect(await tablesOf(url)).toBe(0);
  for (const words of [
    ['serve', '--plane', 'control'],
    ['restore', file, '--key-file', keyFile],
    ['backup', `${file}2`],
  ]) {
    const refused = await berthCommand(settings, ...words);
    expect([refused.exitCode, refused.all]).toEqual([1, expect.stringContaining('was cut off')]);
  }
  expect(await tablesOf(url)).toBe(0);
  const elsewhere = { ...settings, BERTH_DATA_DIR: join(folder, 'again') };
  const again = await berthCommand(elsewhere, 'restore', file, '--key-file', keyFile);
  expect(again.exitCode, again.all).toBe(0);
});

test('a backup is refused with the database of another data directory, and of one without records', async () => {
  const { folder, config, file } = await makeBackup();
  const other = await makeBackup();
  const backUpWith = (databaseUrl: string | undefined) =>
    failureOf(
      backUp(configOf(config.dataDirectory, databaseUrl), {
        ...{ file: join(folder, 'second'), version: '1', progress },
      }),
    );
  expect((await backUpWith(other.config.databaseUrl)).message).toContain('another data directory');
  expect((await backUpWith(other.url)).message).toContain('There are no records of a Berth');
  expect((await readdir(folder)).toSorted()).toEqual(['backup', 'data']);
  expect(file).toContain(folder);
});

test('a backup of this version can be restored into the other engine', () => {
  const newest = { sqlite: sqliteMigrations.length, postgres: postgresMigrations.length };
  expect(counterparts.at(-1)).toEqual(newest);
});

test.for(counterparts)(
  'SQLite at schema $sqlite and PostgreSQL at $postgres have the same tables',
  async (pair) => {
    const folder = await makeTempFolder();
    const url = await makeOwnDatabase();
    const sqlite = openSqliteSnapshots(join(folder, 'berth.db'));
    const owner = async () => ({ id: 'mine', file: '' });
    const postgres = openPostgresSnapshots({ url, owner });
    {
      await using made = await sqlite.create(sqlite.schema.slice(0, pair.sqlite));
      await made.finish();
      await using target = await postgres.create(postgres.schema.slice(0, pair.postgres));
      await target.finish();
    }
    await using one = await sqlite.open();
    await using other = await postgres.open();
    const shapeOf = ({ tables }: typeof one) =>
      tables
        .filter(({ name }) => name !== sqlite.sequenceTable && name !== postgres.sequenceTable)
        .map(({ name, columns }) => `${name}: ${columns.toSorted().join()}`)
        .toSorted();
    expect(shapeOf(other)).toEqual(shapeOf(one));
  },
);

test('Deployments of an older database are counted when it is opened', async () => {
  const url = await makeOwnDatabase();
  const owner = async () => ({ id: 'mine', file: '' });
  await fillOlderStore(openPostgresSnapshots({ url, owner }), 4);
  await using store = await openPostgresStore({ url });
  expect(await countOlderDeployments(store)).toEqual(olderCounts);
});
