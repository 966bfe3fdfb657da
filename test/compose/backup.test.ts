import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { backUp, verifyBackup } from '../../src/compose/backup/backup.ts';
import { refuseHalfRestored } from '../../src/compose/backup/claim-directory.ts';
import { restore } from '../../src/compose/backup/restore.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { readEnv } from '../../src/config/read-env.ts';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openSecretBox } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { allRows } from '../support/all-rows.ts';
import { deployment, jobRun } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const databases = ['berth.db', 'logs.db', 'events.db'] as const;
const progress = () => {};
const configOf = (dataDirectory: string) => parseConfig(readEnv({ BERTH_DATA_DIR: dataDirectory }));
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('It succeeded'),
    (error: Error) => error,
  );

/** The data of a Berth with something in each part. */
async function makeData(folder: string) {
  const dataDirectory = join(folder, 'data');
  const keyFile = join(dataDirectory, 'keys', 'secrets.key');
  await openSecretBox({ keyFile });
  await using store = await openSqliteStore({ file: join(dataDirectory, 'berth.db') });
  await using logs = await openSqliteLogStore({ file: join(dataDirectory, 'logs.db') });
  await using events = await openEmbeddedBroker({ file: join(dataDirectory, 'events.db') });
  for (const key of ['one', 'two "quoted" \u2028 \n', '三'])
    await store.commit([
      { kind: 'put-project', project: { key, productionEnabled: true, createdAt: 2 ** 52 } },
      { kind: 'insert-deployment', record: deployment({ id: key, projectKey: key }) },
      {
        kind: 'request-job-run',
        run: jobRun({ id: `of ${key}`, projectKey: key, deploymentId: key }),
      },
      {
        kind: 'put-address',
        address: {
          hostLabel: key,
          projectKey: key,
          deploymentId: 'd',
          applicationName: 'a',
          state: 'wanted',
        },
      },
    ]);
  const messages = [{ data: 'AAEC', attributes: { a: 'ä' } }];
  await events.publish('topic', messages, 1);
  const gone = await events.publish('topic', messages, 1);
  const [{ id = '', attempt = 1 } = {}] = await events.claim({
    ...{ topics: ['topic'], limit: 1, now: 2, leaseUntil: 3 },
  });
  await events.settle([{ id, attempt, outcome: 'retry', at: 9, reason: 'away' }]);
  await events.settle(gone.map((one) => ({ id: one, outcome: 'acknowledged' })));
  await logs.append(
    Array.from({ length: 2500 }, (_, index) => ({
      ...{ deploymentId: 'd', applicationName: 'a', type: 'APPLICATION_TEXT', severity: 'INFO' },
      timestamp: index,
      details: { message: `line ${index}` },
    })),
  );
  return { dataDirectory, keyFile };
}

/** A whole backup, and how to change what is in it with all checksums right. */
async function makeBackup() {
  const folder = await makeTempFolder();
  const { dataDirectory, keyFile } = await makeData(folder);
  const file = join(folder, 'backup');
  const manifest = await backUp(configOf(dataDirectory), { file, version: '1.2.3', progress });
  const target = join(folder, 'restored');
  const restoreFrom = (from: string, key: string | undefined = keyFile) =>
    restore({ dataDirectory: target, masterKey: {} }, { file: from, keyFile: key, progress });
  return { folder, dataDirectory, keyFile, file, manifest, target, restoreFrom };
}

type Lines = readonly unknown[];

async function forge(file: string, to: string, change: (lines: Lines) => Lines): Promise<void> {
  const lines = gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const body = change(lines.slice(0, -1)).map((line) => `${JSON.stringify(line)}\n`);
  const sha256 = createHash('sha256').update(body.join('')).digest('hex');
  const last = { ...lines.at(-1), sha256 };
  await writeFile(to, gzipSync(`${body.join('')}${JSON.stringify(last)}\n`));
}

test('a backup brings back every row of every table, and the key that was named', async () => {
  const { dataDirectory, keyFile, file, manifest, target, restoreFrom } = await makeBackup();
  expect(await verifyBackup(file, progress)).toEqual(manifest);
  expect(manifest).toMatchObject({ berth: '1.2.3', keyId: expect.stringMatching(/^[\w-]{8}$/) });
  expect(manifest.tables).toContainEqual({
    part: 'logs',
    table: 'log_block',
    rows: 5,
    sha256: expect.any(String),
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  await restoreFrom(file);
  for (const name of databases)
    expect(allRows(join(target, name))).toEqual(allRows(join(dataDirectory, name)));
  expect(await readFile(join(target, 'keys/secrets.key'))).toEqual(await readFile(keyFile));
  expect((await readdir(target)).toSorted()).toEqual([...databases, 'keys'].toSorted());
});

test('neither the key nor the credentials are in it', async () => {
  const folder = await makeTempFolder();
  const { dataDirectory, keyFile } = await makeData(folder);
  await writeFile(join(dataDirectory, 'credentials.json'), '{"clientSecret":"not-to-be-seen"}');
  const file = join(folder, 'backup');
  await backUp(configOf(dataDirectory), { file, version: '1', progress });
  const text = gunzipSync(await readFile(file)).toString();
  expect(text).not.toContain('not-to-be-seen');
  const key = (await readFile(keyFile, 'utf8')).trim();
  for (const form of ['base64', 'hex', 'base64url'] as const)
    expect(text).not.toContain(Buffer.from(key, 'base64').toString(form));
});

test('what is written while it is made is not in it, and is not kept from being written', async () => {
  const folder = await makeTempFolder();
  const { dataDirectory } = await makeData(folder);
  await using store = await openSqliteStore({ file: join(dataDirectory, 'berth.db') });
  const put = (key: string) =>
    store.commit([
      { kind: 'put-project', project: { key, productionEnabled: true, createdAt: 0 } },
    ]);
  await put('before');
  const file = join(folder, 'backup');
  let written: Promise<void> | undefined;
  const { tables } = await backUp(configOf(dataDirectory), {
    ...{ file, version: '1' },
    progress: () => {
      written ??= put('meanwhile');
    },
  });
  await written;
  expect(tables.find(({ table }) => table === 'project')?.rows).toBe(4);
  expect(await store.projects.get('meanwhile')).toBeDefined();
});

test('a file that is there is not written over', async () => {
  const { file, dataDirectory } = await makeBackup();
  const before = await readFile(file);
  const failure = await failureOf(
    backUp(configOf(dataDirectory), { file, version: '1', progress }),
  );
  expect(failure.message).toBe(`There is a file ${file} already.`);
  expect(await readFile(file)).toEqual(before);
});

function unpack(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

describe('nothing is restored', () => {
  test('of a backup that is cut off anywhere, or of which a byte is another', async () => {
    const { folder, file, target, restoreFrom } = await makeBackup();
    const bytes = await readFile(file);
    const broken = join(folder, 'broken');
    const places = Array.from({ length: 12 }, (_, at) => Math.floor((bytes.length * at) / 12));
    for (const place of places) {
      await writeFile(broken, bytes.subarray(0, place));
      expect((await failureOf(restoreFrom(broken))).name).toBe('Failure');
      const flipped = Buffer.from(bytes);
      flipped[place + 11] = (flipped[place + 11] ?? 0) ^ 0x55;
      // A text that repeats itself has several spellings.
      if (unpack(flipped)?.equals(gunzipSync(bytes))) continue;
      await writeFile(broken, flipped);
      expect((await failureOf(restoreFrom(broken))).name).toBe('Failure');
      expect(await readdir(target).catch(() => [])).toEqual([]);
    }
  });

  test.for([
    { what: 'a foreign file', bytes: Buffer.from('PK\u0003\u0004 something else') },
    { what: 'a packed foreign file', bytes: gzipSync('{"some":"json"}\n') },
    { what: 'an endless line', bytes: gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x5b)) },
    { what: 'nothing', bytes: Buffer.alloc(0) },
  ])('of $what', async ({ bytes }) => {
    const folder = await makeTempFolder();
    const file = join(folder, 'file');
    await writeFile(file, bytes);
    const target = join(folder, 'target');
    const work = restore(
      { dataDirectory: target, masterKey: {} },
      { file, keyFile: undefined, progress },
    );
    expect((await failureOf(work)).message).toMatch(/is no backup of Berth|is damaged/);
    expect(await readdir(folder)).toEqual(['file']);
  });

  test.for<[string, (lines: Lines) => Lines, RegExp]>([
    [
      'of a newer schema',
      ([header, ...rest]) => {
        const { parts, ...more } = header as { parts: { store: { schema: object[] } } };
        const schema = [...parts.store.schema, { number: 99, name: 'later', checksum: 'x' }];
        return [{ ...more, parts: { ...parts, store: { schema } } }, ...rest];
      },
      /newer version of Berth: it has schema 99/,
    ],
    [
      'of a newer form',
      ([header, ...rest]) => [{ ...(header as object), formatVersion: 2 }, ...rest],
      /newer version of Berth, in another form/,
    ],
    ...['../../outside', '/etc/passwd', 'project"; drop table project; --', 'sqlite_schema'].map(
      (table): [string, (lines: Lines) => Lines, RegExp] => [
        `with a table ${table}`,
        ([header]) => [header, { part: 'store', table, columns: ['key'] }, ['x']],
        /has a table that .* has not/,
      ],
    ),
    [
      'with other columns',
      ([header]) => [header, { part: 'store', table: 'project', columns: ['key', 'x") --'] }],
      /has a table that .* has not/,
    ],
    [
      'with a part of its own',
      ([header]) => [header, { part: '../outside', table: 'project', columns: [] }],
      /is damaged: a table was expected/,
    ],
    [
      'with a row that is none',
      ([header]) => [
        header,
        {
          part: 'store',
          table: 'lease',
          columns: ['pool', 'place', 'holder', 'worker', 'held_until'],
        },
        [{}, 1, 'h', 'w', 2],
      ],
      /is damaged: a row of lease is none/,
    ],
  ])('%s', async ([, change, message]) => {
    const { folder, file, restoreFrom } = await makeBackup();
    const forged = join(folder, 'forged');
    await forge(file, forged, change);
    const before = await readdir(folder, { recursive: true });
    expect((await failureOf(restoreFrom(forged))).message).toMatch(message);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  test('without its key, or with another', async () => {
    const { folder, file, manifest, target } = await makeBackup();
    const other = join(folder, 'other.key');
    await openSecretBox({ keyFile: other });
    const restoreWith = (keyFile: string | undefined) =>
      failureOf(restore({ dataDirectory: target, masterKey: {} }, { file, keyFile, progress }));
    expect((await restoreWith(undefined)).message).toContain(`need the key ${manifest.keyId}`);
    expect((await restoreWith(other)).message).toMatch(
      new RegExp(`need the key ${manifest.keyId}, and .* is [\\w-]{8}\\.`),
    );
    expect((await restoreWith(join(folder, 'none'))).message).toContain('There is no key file');
    expect(await readdir(folder)).not.toContain('restored');
  });

  test('into a folder that holds anything', async () => {
    const { file, target, restoreFrom } = await makeBackup();
    await mkdir(target);
    await writeFile(join(target, 'mine'), 'kept');
    expect((await failureOf(restoreFrom(file))).message).toContain('is not empty');
    expect(await readdir(target)).toEqual(['mine']);
  });
});

test('what a killed restore has left is never taken for whole', async () => {
  const { file, target, restoreFrom } = await makeBackup();
  await mkdir(target);
  await writeFile(join(target, 'restoring'), '');
  await writeFile(join(target, 'berth.db'), 'half of it');
  await expect(refuseHalfRestored(target)).rejects.toThrow('was cut off');
  expect((await failureOf(restoreFrom(file))).message).toContain('was cut off');
});
