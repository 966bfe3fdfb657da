import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { AuditLogEntry } from '../../src/core/audit-log.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

const berth = (dataDirectory: string, ...options: readonly string[]) =>
  execa(process.execPath, [program, 'audit', ...options], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', BERTH_DATA_DIR: dataDirectory },
    reject: false,
  });

const deployment = (color: string, token: string) => ({
  status: 'Deployed',
  applications: [
    {
      applicationName: 'shop',
      standardConfiguration: [{ key: 'COLOR', value: color }],
      securedConfiguration: [{ key: 'TOKEN', value: token }],
    },
  ],
});

const entries: readonly Partial<AuditLogEntry>[] = [
  { action: 'createDeployment', after: deployment('red', 'hmac-1') },
  {
    at: Date.parse('2026-11-25T10:00:00Z'),
    action: 'redeployDeployment',
    actor: { type: 'client', clientId: 'another', subject: 'some\u001b[2Jbody' },
    before: deployment('red', 'hmac-1'),
    after: deployment('blue', 'hmac-2'),
    shortened: true,
  },
  {
    at: Date.parse('2026-11-25T11:00:00Z'),
    projectKey: 'other',
    actor: { type: 'operator' },
    action: 'certify',
    resource: { typeId: 'connector-staged', id: 'c' },
    before: { status: 'InCertification' },
  },
];

/** The records of a Berth, with an audit log. */
async function makeDataDirectory(): Promise<string> {
  const folder = await makeTempFolder();
  await using store = await openSqliteStore({ file: join(folder, 'berth.db') });
  for (const entry of entries) {
    const whole: AuditLogEntry = {
      projectKey: 'demo',
      at: Date.parse('2026-11-25T09:00:00Z'),
      actor: { type: 'client', clientId: 'client' },
      correlationId: 'correlation',
      action: 'x',
      resource: { typeId: 'deployment', id: 'd', key: 'my-key' },
      shortened: false,
      ...entry,
    };
    await store.commit([{ kind: 'append-audit-log', entry: whole }]);
  }
  return folder;
}

test('shows who changed what as a table, newest first', async () => {
  const { stdout, stderr, exitCode } = await berth(await makeDataDirectory());

  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['TIME', 'PROJECT', 'WHO', 'ACTION', 'RESOURCE', 'CHANGED'],
    ['2026-11-25T11:00:00.000Z', 'other', 'operator', 'certify', 'connector-staged c', 'deleted'],
    [
      '2026-11-25T10:00:00.000Z',
      'demo',
      'another (some\u{FFFD}[2Jbody)',
      'redeployDeployment',
      'deployment d (my-key)',
      'applications[shop].standardConfiguration[COLOR], applications[shop].securedConfiguration[TOKEN] (shortened)',
    ],
    [
      '2026-11-25T09:00:00.000Z',
      'demo',
      'client',
      'createDeployment',
      'deployment d (my-key)',
      'created',
    ],
  ]);
});

test('shows all of it as lines of JSON, and as much of it as is asked for', async () => {
  const folder = await makeDataDirectory();
  const found = async (...options: readonly string[]) => {
    const { stdout, exitCode } = await berth(folder, '--json', ...options);
    expect(exitCode).toBe(0);
    return stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line));
  };
  const actions = async (...options: readonly string[]) =>
    (await found(...options)).map(({ action }) => action);

  const [, redeploy] = await found();
  expect(redeploy).toEqual({
    sequence: 2,
    projectKey: 'demo',
    correlationId: 'correlation',
    resource: { typeId: 'deployment', id: 'd', key: 'my-key' },
    ...entries[1],
    at: '2026-11-25T10:00:00.000Z',
  });
  expect(await actions('--project', 'demo')).toEqual(['redeployDeployment', 'createDeployment']);
  expect(await actions('--resource', 'c')).toEqual(['certify']);
  expect(await actions('--actor', 'operator')).toEqual(['certify']);
  expect(await actions('--action', 'createDeployment')).toEqual(['createDeployment']);
  const hour = ['--from', '2026-11-25T09:30:00Z', '--to', '2026-11-25T10:30:00Z'];
  expect(await actions(...hour)).toEqual(['redeployDeployment']);
  expect(await actions('--project', 'nobody')).toEqual([]);
});

test('says how many entries it left out', async () => {
  const { stdout, stderr } = await berth(await makeDataDirectory(), '--limit', '2');

  expect(stdout.split('\n')).toHaveLength(3);
  expect(stderr).toContain('1 older entry is not shown');
});

test('names a mistake and the next step', async () => {
  const folder = await makeDataDirectory();
  for (const [options, message] of [
    [['--from', 'soon'], '--from must be a date, not "soon"'],
    [['--to', ''], '--to must be a date'],
    [['--limit', '0'], '--limit must be a whole number from 1 to 10000'],
    [['--nonsense'], "unknown option '--nonsense'"],
  ] as const) {
    const { stdout, stderr, exitCode } = await berth(folder, ...options);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr).toContain(message);
  }
});

test('makes nothing where there is no Berth', async () => {
  const folder = await makeTempFolder();
  const { stderr, exitCode } = await berth(folder);

  expect(exitCode).toBe(1);
  expect(stderr).toContain(`There are no records of a Berth in ${folder}`);
  expect(stderr).toContain('BERTH_DATA_DIR');
  expect(await readdir(folder)).toEqual([]);
});

test('explains itself', async () => {
  const { stdout } = await berth(await makeTempFolder(), '--help');

  for (const option of ['project', 'resource', 'actor', 'action', 'from', 'to', 'limit', 'json'])
    expect(stdout).toContain(`--${option}`);
});
