import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGit, type GitSettings } from '../../../../src/drivers/source/git/git.ts';
import { parseRemote } from '../../../../src/drivers/source/git/remote.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const signal = new AbortController().signal;
const remote = parseRemote('https://example.com/a.git', { allowLocal: false });

async function open(settings: Partial<GitSettings> = {}) {
  return createGit({
    directory: await makeTempFolder(),
    executable: 'git',
    environment: process.env,
    maxObjectBytes: 64 * 1024 * 1024,
    timeoutMs: 60_000,
    useOperatorCredentials: false,
    requireHost: async () => undefined,
    followRedirects: true,
    ...settings,
  });
}

/** A home whose git configuration answers every question for credentials, and has a setting of its own. */
async function makeHome(): Promise<string> {
  const home = await makeTempFolder();
  const helper = '!f() { echo username=operator; echo password=known; }; f';
  await writeFile(
    join(home, '.gitconfig'),
    `[credential "https://example.com"]\n\thelper = "${helper}"\n[user]\n\tname = Operator\n`,
  );
  return home;
}

const question = { input: 'protocol=https\nhost=example.com\n\n', signal, remote };

test('the credentials of the operator are used for https where that is switched on', async () => {
  const environment = { ...process.env, HOME: await makeHome() };
  const git = await open({ environment, useOperatorCredentials: true });
  const { stdout } = await git(['credential', 'fill'], question);
  expect(stdout).toContain('password=known');
});

test('the credentials of the operator are not used otherwise', async () => {
  const environment = { ...process.env, HOME: await makeHome() };
  const git = await open({ environment });
  const { end, stdout } = await git(['credential', 'fill'], question);
  expect(end).toBe('failed');
  expect(stdout).not.toContain('known');
});

test("nothing else of the operator's configuration or environment reaches git", async () => {
  const home = await makeHome();
  const environment = { ...process.env, HOME: home, BERTH_SECRET: 'x', GIT_DIR: '/nowhere' };
  const git = await open({ environment, useOperatorCredentials: true });
  expect((await git(['config', 'user.name'], { signal, remote })).stdout).toBe('');
  const printed = await git(['-c', 'alias.print=!env', 'print'], { signal, remote });
  expect(printed.stdout).toContain('GIT_TERMINAL_PROMPT=0');
  expect(printed.stdout).not.toMatch(/BERTH_SECRET|GIT_DIR=/);
});

test('a repository above the cache is not looked at', async () => {
  const above = await makeTempFolder();
  const git = await open({ directory: join(above, 'cache') });
  await git(['init', '--quiet', above], { signal });
  const { end, stderr } = await git(['rev-parse', '--git-dir'], { signal });
  expect(end).toBe('failed');
  expect(stderr).toContain('not a git repository');
});

test('only the protocol of the repository is allowed', async () => {
  const git = await open();
  for (const url of ['ext::sh -c true', 'file:///nowhere', 'git://127.0.0.1/a']) {
    const { stderr } = await git(['ls-remote', '--', url], { signal, remote });
    expect(stderr).toMatch(/transport '\w+' not allowed/);
  }
});

test.for([
  ['empty', async (file: string) => writeFile(file, '')],
  ['gone', async (file: string) => rm(file)],
] as const)('what git may not do is said again where the file is %s', async ([, damage]) => {
  const directory = await makeTempFolder();
  const git = await open({ directory });
  const file = join(directory, 'gitconfig');
  const said = await readFile(file, 'utf8');
  await damage(file);
  await git(['version'], { signal });
  expect(await readFile(file, 'utf8')).toBe(said);
});

test('a run that prints too much is ended', async () => {
  const git = await open();
  const { end, stdout } = await git(['--help'], { signal, maxOutputBytes: 100 });
  expect(end).toBe('too-much-output');
  expect(stdout.length).toBeLessThanOrEqual(100);
});
