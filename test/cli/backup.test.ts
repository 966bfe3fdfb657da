import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { openEmbeddedBroker } from '../../src/drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openSecretBox } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

const berth = (dataDirectory: string, ...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', BERTH_DATA_DIR: dataDirectory },
    reject: false,
  });

async function makeDataDirectory(): Promise<string> {
  const folder = join(await makeTempFolder(), 'data');
  await openSecretBox({ keyFile: join(folder, 'keys/secrets.key') });
  await using _store = await openSqliteStore({ file: join(folder, 'berth.db') });
  await using _logs = await openSqliteLogStore({ file: join(folder, 'logs.db') });
  await using _events = await openEmbeddedBroker({ file: join(folder, 'events.db') });
  return folder;
}

test('berth backup, verify and restore say what is in the file and what comes next', async () => {
  const data = await makeDataDirectory();
  const file = join(data, '../backup');
  const made = await berth(data, 'backup', file);
  expect(made.stdout).toMatch(/secrets need the key [\w-]{8}\.\n\nPART +TABLE +ROWS\n/);
  expect(made.stdout).toContain(`${file} is written.`);
  expect((await berth('/nowhere', 'backup', '--verify', file)).stdout).toContain('is whole.');

  const target = join(data, '../target');
  const refused = await berth(target, 'restore', file);
  expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(/^berth: .* need the key .*\nSay with --key-file where it is/);
  const keyFile = join(data, 'keys/secrets.key');
  const restored = await berth(target, 'restore', file, '--key-file', keyFile, '--json');
  expect(JSON.parse(restored.stdout)).toMatchObject({
    format: 'berth-backup',
    keyId: expect.any(String),
  });
  expect((await berth(join(data, '../none'), 'backup', `${file}2`)).stderr).toContain(
    'There are no records of a Berth',
  );
}, 120_000);

test('berth disk shows what takes how much and what it may take', async () => {
  const data = await makeDataDirectory();
  const shown = await berth(data, 'disk');
  expect(shown.stdout).toMatch(/^WHAT +TAKES +AT MOST +SETTING\nrecords +\d/);
  expect(shown.stdout).toMatch(/are free; new work needs .* \(BERTH_DISK_FLOOR_MB\)/);
  const { disk, uses } = JSON.parse((await berth(data, 'disk', '--json')).stdout);
  expect(disk).toMatchObject({ freeBytes: expect.any(Number), totalBytes: expect.any(Number) });
  const records = uses.find(({ what }: { what: string }) => what === 'records');
  expect(records.bytes).toBeGreaterThan(4096);
});
