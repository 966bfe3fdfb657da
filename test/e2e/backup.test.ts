import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { allRows } from '../support/all-rows.ts';
import { startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, readLog } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { ask } from '../support/request-loop.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

/** Takes nothing before OPEN_AT, so that messages wait over the restore. */
const opensLater = `
require('node:http').createServer((incoming, response) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    if (Date.now() < Number(process.env.OPEN_AT)) return response.writeHead(503).end();
    console.log('took ' + Buffer.from(JSON.parse(Buffer.concat(chunks)).message.data, 'base64'));
    response.writeHead(204).end();
  });
}).listen(8080);
`;

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function berthCommand(dataDirectory: string, ...words: readonly string[]) {
  return execa(process.execPath, [program, ...words], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', BERTH_DATA_DIR: dataDirectory },
    reject: false,
  });
}

test('a Berth that is restored serves what was deployed, with its secrets, and delivers what waited', async () => {
  const folder = await makeFolder();
  const retryPolicy = {
    strategy: 'exponential-backoff',
    minBackoffSeconds: 1,
    maxBackoffSeconds: 2,
  };
  const files = tinyConnector({
    web: { spec: keys(['VALUE'], ['SECRET']) },
    handler: { type: 'event', server: opensLater, spec: { retryPolicy, ...keys(['OPEN_AT']) } },
    tick: { type: 'job', spec: { properties: { schedule: '* * * * *' } } },
    pictures: { type: 'assets', files: { 'public/a.txt': 'a picture' } },
  });
  await using repository = await createRepository({ files, tag: 'v1' });
  await using berth = await startBerth();
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const openAt = Date.now() + 45_000;
  const values: Readonly<Record<string, readonly [string, string][]>> = {
    web: [['VALUE', 'the value']],
    handler: [['OPEN_AT', `${openAt}`]],
  };
  const deployed = await deploy(berth, {
    ...draftOf(connector),
    configurations: connector.body.configurations.map(
      ({ applicationName: name }: { applicationName: string }) => ({
        applicationName: name,
        standardConfiguration: (values[name] ?? []).map(([key, value]) => ({ key, value })),
        securedConfiguration: name === 'web' ? [{ key: 'SECRET', value: 'the secret' }] : [],
      }),
    ),
  });
  expect(deployed.body.status, JSON.stringify(deployed.body.details)).toBe('Deployed');
  const { id, applications } = deployed.body;
  const application = (name: string) =>
    applications.find((one: { applicationName: string }) => one.applicationName === name);
  const publish = async (text: string) => {
    const path = `/v1/projects/test-project/topics/${application('handler').topic}:publish`;
    expect((await berth.request('POST', path, { messages: [{ data: btoa(text) }] })).status).toBe(
      200,
    );
  };
  const before = Array.from({ length: 5 }, (_, index) => `before ${index};`);
  for (const text of before) await publish(text);

  // Others go on writing meanwhile.
  let done = false;
  const writing = (async () => {
    for (let index = 0; !done; index++) await publish(`meanwhile ${index};`);
  })();
  const file = join(folder, 'backup');
  const backup = await berthCommand(berth.dataDirectory, 'backup', file, '--json');
  done = true;
  await writing;
  expect(backup.exitCode, backup.stderr).toBe(0);
  const verified = await berthCommand('/nowhere', 'backup', '--verify', file, '--json');
  expect(JSON.parse(verified.stdout)).toEqual(JSON.parse(backup.stdout));
  const unpacked = gunzipSync(await readFile(file)).toString();
  expect(unpacked).toContain('the value');
  for (const secret of ['the secret', berth.client.secret])
    for (const form of ['utf8', 'base64', 'hex'] as const)
      expect(unpacked).not.toContain(Buffer.from(secret).toString(form).replace(/=+$/, ''));

  // The same place, with nothing of what was there.
  await berth.stop();
  const old = join(folder, 'old');
  await mkdir(old);
  for (const name of await readdir(berth.dataDirectory))
    await rename(join(berth.dataDirectory, name), join(old, name)).catch(async () => {
      await execa('cp', ['-a', join(berth.dataDirectory, name), old]);
      await rm(join(berth.dataDirectory, name), { recursive: true });
    });
  const keyFile = join(old, 'keys/secrets.key');
  const restored = await berthCommand(
    berth.dataDirectory,
    ...['restore', file, '--key-file', keyFile],
  );
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(restored.stdout).toContain('is restored into');
  const rows = allRows(join(berth.dataDirectory, 'berth.db'));
  for (const table of ['deployment', 'revision', 'release', 'connector_staged', 'audit_log'])
    expect(rows[table]).toEqual(allRows(join(old, 'berth.db'))[table]);
  expect(rows['deployment']).toHaveLength(1);

  await berth.start();
  const web = application('web').url;
  const read = async (url: string) => (await ask(url)).body;
  await expect.poll(() => read(web), { timeout: 60_000 }).toBe('the value');
  expect(await read(`${web}/env/SECRET`)).toBe('the secret');
  await expect
    .poll(() => read(`${application('pictures').url}/a.txt`), { timeout: 60_000 })
    .toBe('a picture');
  const path = `/test-project/deployments/${id}`;
  expect((await berth.request('GET', path)).body).toMatchObject({ status: 'Deployed', version: 1 });
  const taken = async () =>
    JSON.stringify(await readLog(berth, id, 'handler'))
      .match(/before \d;/g)
      ?.toSorted() ?? [];
  await expect.poll(taken, { timeout: 90_000, interval: 500 }).toEqual(before);

  const ticks = (await readLog(berth, id, 'tick')).flatMap(({ details }) =>
    details['scheduledFor'] === undefined ? [] : [String(details['scheduledFor'])],
  );
  expect(ticks).toEqual([...new Set(ticks)]);
});

test('kill -9 of a backup or a restore leaves nothing that is taken for whole', async () => {
  const folder = await makeFolder();
  await using berth = await startBerth();
  await berth.stop();
  await addLogs(join(berth.dataDirectory, 'logs.db'), 600_000);
  const file = join(folder, 'backup');

  const backup = berthCommand(berth.dataDirectory, 'backup', file);
  await expect
    .poll(() => readdir(folder), { interval: 5, timeout: 60_000 })
    .toEqual([expect.stringContaining('.partial')]);
  backup.kill('SIGKILL');
  await backup;
  const [partial = ''] = await readdir(folder);
  expect(partial).toMatch(/\.partial$/);
  const verified = await berthCommand('/nowhere', 'backup', '--verify', join(folder, partial));
  expect(verified.exitCode).toBe(1);
  expect(verified.stderr).toMatch(/is damaged|is no backup/);

  expect((await berthCommand(berth.dataDirectory, 'backup', file)).exitCode).toBe(0);
  const target = join(folder, 'target');
  const keyFile = join(berth.dataDirectory, 'keys/secrets.key');
  const restore = berthCommand(target, 'restore', file, '--key-file', keyFile);
  await expect
    .poll(() => readdir(target).catch(() => []), { interval: 5, timeout: 60_000 })
    .toContain('logs.db');
  restore.kill('SIGKILL');
  await restore;
  const started = await berthCommand(target, 'serve', '--plane', 'control');
  expect(started.exitCode).toBe(1);
  expect(started.all ?? started.stderr).toContain('was cut off');
  const again = await berthCommand(target, 'restore', file, '--key-file', keyFile);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('was cut off')]);
  expect((await readFile(file)).length).toBeGreaterThan(0);
});

async function addLogs(file: string, count: number): Promise<void> {
  await using logs = await openSqliteLogStore({ file });
  const entries = Array.from({ length: 10_000 }, (_, index) => ({
    ...{ deploymentId: 'd', applicationName: 'a', type: 'APPLICATION_TEXT', severity: 'INFO' },
    timestamp: Date.now(),
    details: { message: `line ${index} ${'x'.repeat(100)}` },
  })) as Parameters<typeof logs.append>[0];
  for (let written = 0; written < count; written += entries.length) await logs.append(entries);
}
