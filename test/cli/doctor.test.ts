import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import type { Check } from '../../src/compose/doctor/check.ts';
import { failure, startPubsubStandIn } from '../support/pubsub-stand-in.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

const berth = (environment: Readonly<Record<string, string>>, ...options: readonly string[]) =>
  execa(process.execPath, [program, 'doctor', ...options], {
    extendEnv: false,
    env: {
      PATH: process.env['PATH'] ?? '',
      BERTH_PORT: '0',
      BERTH_GATEWAY_PORT: '0',
      ...environment,
    },
    reject: false,
  });

async function examine(environment: Readonly<Record<string, string>>) {
  const { exitCode, stdout } = await berth(environment, '--json');
  const checks = stdout.split('\n').map((line) => JSON.parse(line) as Check);
  return {
    exitCode,
    find: (name: string) => checks.find((one) => one.name === name),
  };
}

/** A server on a port of its own that answers every request with this. */
async function listen(body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

test('on a machine with all that is needed it ends with 0 and makes nothing', async () => {
  const folder = await makeTempFolder();
  const directory = join(folder, 'data');
  const { exitCode, find } = await examine({ BERTH_DATA_DIR: directory });
  expect(find('git')).toMatchObject({ area: 'programs', state: 'ok' });
  expect(find('folder')).toMatchObject({
    state: 'ok',
    found: `${directory} is made at the first start`,
  });
  expect(exitCode).toBe(0);
  expect(await readdir(folder)).toEqual([]);
});

test('without git it ends with 1 and says how to get it', async () => {
  const folder = await makeTempFolder();
  const { exitCode, stdout } = await berth({ BERTH_DATA_DIR: folder, PATH: folder });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^MISSING {2}programs +git +not found$/m);
  expect(stdout).toContain('MISSING  programs, git: Install git 2.32.0 or newer');
});

test('a git that is too old is named', async () => {
  const folder = await makeTempFolder();
  const git = join(folder, 'git');
  await writeFile(git, '#!/bin/sh\necho git version 2.20.1\n', { mode: 0o755 });
  const { find } = await examine({ BERTH_DATA_DIR: folder, PATH: folder });
  expect(find('git')).toMatchObject({ state: 'missing', found: 'git version 2.20.1' });
});

test('files that others can read are named with what to do', async () => {
  const folder = await makeTempFolder();
  await mkdir(join(folder, 'keys'));
  const key = join(folder, 'keys', 'secrets.key');
  await writeFile(key, 'a key');
  await chmod(key, 0o644);
  await chmod(folder, 0o755);
  const { exitCode, find } = await examine({ BERTH_DATA_DIR: folder });
  expect(find('key')).toMatchObject({
    state: 'missing',
    found: `${key} can be read by other users (mode 0644)`,
  });
  expect(find('folder')).toMatchObject({
    state: 'warning',
    nextStep: `Run \`chmod 700 ${folder}\`.`,
  });
  expect(exitCode).toBe(1);
});

test('a port that a Berth has is fine, one that another program has is not', async () => {
  const BERTH_DATA_DIR = await makeTempFolder();
  const own = await examine({ BERTH_DATA_DIR, BERTH_PORT: await listen('{"status":"ok"}') });
  expect(own.find('API port')).toMatchObject({ state: 'ok' });
  const other = await examine({ BERTH_DATA_DIR, BERTH_PORT: await listen('Hello') });
  expect(other.find('API port')).toMatchObject({ state: 'missing' });
});

test('a configuration with mistakes is refused with all of them', async () => {
  const { exitCode, stderr } = await berth({ BERTH_PORT: 'x', BERTH_GATEWAY_PORT: 'y' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('BERTH_PORT');
  expect(stderr).toContain('BERTH_GATEWAY_PORT');
});

test('events of commercetools are looked for where they are to come from', async () => {
  await using google = await startPubsubStandIn();
  const environment = {
    BERTH_DATA_DIR: await makeTempFolder(),
    BERTH_PUBSUB_PROJECT_ID: 'shop-events',
    BERTH_PUBSUB_ENDPOINT: google.url,
  };
  const seen = await examine(environment);
  expect(seen.find('Google Pub/Sub')).toEqual({
    area: 'events',
    name: 'Google Pub/Sub',
    state: 'ok',
    found: 'the topics of project shop-events are seen',
  });
  expect(google.topics.size).toBe(0);
  google.answerWith(() => failure(403, 'PERMISSION_DENIED', 'User not authorized.'));
  const refused = await examine(environment);
  expect(refused.exitCode).toBe(1);
  expect(refused.find('Google Pub/Sub')).toMatchObject({
    state: 'missing',
    found: 'The topics of project shop-events could not be seen: User not authorized. (HTTP 403)',
    nextStep: expect.stringContaining('roles/pubsub.admin'),
  });
});
