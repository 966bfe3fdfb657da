import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SourceFailure } from '../../../src/core/failure.ts';
import {
  type GitSourceOptions,
  openGitSource,
} from '../../../src/drivers/source/git/git-source.ts';
import { describeSource } from '../../contract/source.suite.ts';
import { serveRepository } from '../../support/git-http-server.ts';
import { createRepository, type TestRepository } from '../../support/git-repository.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const signal = new AbortController().signal;

describeSource('git', async () => (await open()).source);

function openHere(options: Partial<GitSourceOptions> & { readonly directory: string }) {
  return openGitSource({ allowLocal: true, environment: process.env, ...options });
}

async function open(options: Partial<GitSourceOptions> = {}) {
  const directory = await makeTempFolder();
  return { source: openHere({ directory, ...options }), directory };
}

describe('the cache of git', () => {
  test('is shared by sources over the same directory, and needs no repository any more', async () => {
    const repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source, directory } = await open();
    const at = await pin(source, repository, 'v1');
    await repository.remove();
    const later = openHere({ directory });
    expect(await later.readFile(at, 'a', 100)).toBe('1');
    expect(await later.resolve({ url: at.url, tag: at.commit }, signal)).toBe(at.commit);
  });

  test('is filled once by parallel calls, in one process or several', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source, directory } = await open();
    const other = openHere({ directory });
    const { url } = repository;
    const commits = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? source : other).resolve({ url, tag: 'v1' }, signal),
      ),
    );
    expect(new Set(commits)).toEqual(new Set([repository.firstCommit]));
    expect(await cachedCommits(directory)).toEqual([repository.firstCommit]);
  });

  test('gets a commit that is missing again, though its tag moved', async () => {
    await using repository = await createRepository({ files: { a: 'old' }, tag: 'v1' });
    const { url, firstCommit: commit } = repository;
    await repository.commit({ a: 'new' }, 'v1');
    const { source } = await open();
    expect(await source.readFile({ url, tag: 'v1', commit }, 'a', 100)).toBe('old');
  });

  test('says that the tag moved where the old commit is gone from the repository too', async () => {
    await using repository = await createRepository({ files: { a: 'old' }, tag: 'v1' });
    const { url } = repository;
    const now = await repository.commit({ a: 'new' }, 'v1');
    const gone = '1234567890'.repeat(4);
    const { source } = await open();
    await expect(source.readFile({ url, tag: 'v1', commit: gone }, 'a', 100)).rejects.toMatchObject(
      {
        reason: 'unreachable',
        message: expect.stringMatching(new RegExp(`"v1".*moved from commit ${gone} to ${now}`)),
        nextStep: expect.any(String),
      },
    );
  });

  test('heals where a commit was damaged', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source, directory } = await open();
    const at = await pin(source, repository, 'v1');
    const [name = ''] = (await readdir(directory)).filter((entry) => /^[0-9a-f]{32}$/.test(entry));
    await rm(join(directory, name, at.commit, 'objects'), { recursive: true });
    expect(await source.readFile(at, 'a', 100)).toBe('1');
    await rm(join(directory, name, at.commit, 'objects'), { recursive: true });
    await source.checkout(at, join(directory, 'tree'), signal);
    expect(await readFile(join(directory, 'tree/a'), 'utf8')).toBe('1');
  });

  test('loses what killed processes left behind', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source, directory } = await open();
    const [abandoned, fresh] = ['fetch-abandoned', 'fetch-fresh'];
    for (const name of [abandoned, fresh])
      await mkdir(join(directory, 'incoming', name), { recursive: true });
    await utimes(join(directory, 'incoming', abandoned), 0, 0);
    await pin(source, repository, 'v1');
    expect(await readdir(join(directory, 'incoming'))).toEqual([fresh]);
  });

  test('does not serve a commit under the URL of another repository', async () => {
    await using mine = await createRepository({ files: { a: 'mine' }, tag: 'v1' });
    await using other = await createRepository({ files: { a: 'other' }, tag: 'v1' });
    const { source } = await open();
    const at = await pin(source, mine, 'v1');
    await expect(source.readFile({ ...at, url: other.url }, 'a', 100)).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });
});

describe('git refuses', () => {
  const url = 'file:///no/such/repository.git';

  test.each([
    'ext::sh -c "touch /tmp/x"',
    'ext::sh',
    'git://127.0.0.1/connector.git',
    'http://example.com/connector.git',
    'ftp://example.com/connector.git',
    '--upload-pack=touch',
    '-oProxyCommand=x',
    'ssh://-oProxyCommand=x/connector.git',
    'git@-oProxyCommand=x:connector.git',
    'git@example.com:-x',
    'https://example.com/a\n.git',
    '../connector.git',
    'connector.git',
    '',
  ])('the repository %j', async (url) => {
    const { source, directory } = await open();
    await expect(source.resolve({ url, tag: 'v1' }, signal)).rejects.toMatchObject({
      name: 'SourceFailure',
      reason: 'refused',
    });
    expect(await readdir(directory)).toEqual(['gitconfig']);
  });

  test.each([
    '--upload-pack=touch',
    '-v1',
    'v1:refs/heads/main',
    '+v1',
    'a..b',
    'v1^{tree}',
    'v1~1',
    'v*',
    'v1.lock',
    'a//b',
    'a/',
    'a/.b',
    'v1\n',
    '',
  ])('the tag %j', async (tag) => {
    const { source } = await open();
    await expect(source.resolve({ url, tag }, signal)).rejects.toMatchObject({
      name: 'SourceFailure',
      reason: 'refused',
    });
  });

  test.each(['HEAD', '--help', 'main', 'abc'])('the commit %j', async (commit) => {
    const { source } = await open();
    await expect(source.readFile({ url, tag: 'v1', commit }, 'a', 100)).rejects.toMatchObject({
      reason: 'refused',
    });
  });

  test('local repositories unless they are allowed, and says how to allow them', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source } = await open({ allowLocal: false });
    for (const url of [repository.url, repository.directory, 'http://127.0.0.1:1/a.git'])
      await expect(source.resolve({ url, tag: 'v1' }, signal)).rejects.toMatchObject({
        reason: 'refused',
        nextStep: expect.stringContaining('BERTH_ALLOW_LOCAL_REPOSITORIES=true'),
      });
  });

  test('hosts that are not listed', async () => {
    const { source } = await open({ allowedHosts: ['github.com'] });
    for (const url of ['https://example.com/a.git', 'git@example.com:a.git'])
      await expect(source.resolve({ url, tag: 'v1' }, signal)).rejects.toMatchObject({
        reason: 'refused',
        nextStep: expect.stringContaining('github.com'),
      });
  });

  test.each([
    ['leak', '/etc/passwd'],
    ['app/leak', '../../outside'],
    ['app/leak', 'a/../../../outside'],
  ])('a tree in which the symlink %s points to %s', async (path, target) => {
    await using repository = await createRepository({
      files: { 'app/a': '1', [path]: { symlink: target } },
      tag: 'v1',
    });
    const { source, directory } = await open();
    await expect(pin(source, repository, 'v1')).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining(`"${path}"`),
    });
    expect(await cachedCommits(directory)).toEqual([]);
  });

  test('a tree with too many bytes, and keeps nothing of it', async () => {
    await using repository = await createRepository({
      files: { a: 'x'.repeat(600), b: 'x'.repeat(600) },
      tag: 'v1',
    });
    const { source, directory } = await open({ maxTreeBytes: 1000 });
    await expect(pin(source, repository, 'v1')).rejects.toMatchObject({ reason: 'too-large' });
    expect(await cachedCommits(directory)).toEqual([]);
    expect(await readdir(join(directory, 'incoming'))).toEqual([]);
  });

  test('a download that grows too large while it runs', async () => {
    await using repository = await createRepository({
      files: { random: { text: randomBytes(4_000_000), mode: 0o644 } },
      tag: 'v1',
    });
    await using server = await serveRepository(repository, { stallAfterBytes: 3_000_000 });
    const { source } = await open({ maxTreeBytes: 1_000_000 });
    await expect(source.resolve({ url: server.url, tag: 'v1' }, signal)).rejects.toMatchObject({
      reason: 'too-large',
    });
  });

  test('a tree with too many files', async () => {
    const files = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`f${index}`, '1']));
    await using repository = await createRepository({ files, tag: 'v1' });
    const { source } = await open({ maxFiles: 10 });
    await expect(pin(source, repository, 'v1')).rejects.toMatchObject({ reason: 'too-large' });
    expect(await pin((await open({ maxFiles: 11 })).source, repository, 'v1')).toBeDefined();
  });
});

describe('git takes', () => {
  test('a local repository by its plain path, bare, with spaces in its name', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const bare = join(await makeTempFolder(), 'my repository %20 ä.git');
    await repository.git('clone', '--quiet', '--bare', repository.directory, bare);
    const { source } = await open();
    for (const url of [repository.directory, bare])
      expect(await source.resolve({ url, tag: 'v1' }, signal)).toBe(repository.firstCommit);
  });

  test.runIf(process.getuid?.() === 0)('a local repository that another user owns', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    for (const path of ['', '.git']) await chown(join(repository.directory, path), 12345, 12345);
    const { source } = await open();
    const { url } = repository;
    expect(await source.resolve({ url, tag: 'v1' }, signal)).toBe(repository.firstCommit);
  });

  test('a repository with SHA-256 ids', async () => {
    const directory = await makeTempFolder();
    await using other = await createRepository({ files: {} });
    await other.git('init', '--quiet', '--object-format=sha256', '-b', 'main', directory);
    await writeFile(join(directory, 'a'), '1');
    await other.git('-C', directory, 'add', '.');
    await other.git('-C', directory, 'commit', '--quiet', '-m', 'First');
    const { source } = await open();
    const commit = await source.resolve({ url: directory, tag: 'main' }, signal);
    expect(commit).toHaveLength(64);
    expect(await source.readFile({ url: directory, tag: 'main', commit }, 'a', 100)).toBe('1');
  });

  test('symlinks that stay inside, and reads through them', async () => {
    await using repository = await createRepository({
      files: { 'real/a': '1', app: { symlink: 'real' }, 'deep/up': { symlink: '../real/a' } },
      tag: 'v1',
    });
    const { source } = await open();
    const at = await pin(source, repository, 'v1');
    expect(await source.readFile(at, 'app/a', 100)).toBe('1');
    expect(await source.readFile(at, 'deep/up', 100)).toBe('1');
    expect(await source.treeDigest(at, 'app')).toBe(await source.treeDigest(at, 'real'));
  });

  test('nothing that submodules, filters or hooks ask for', async () => {
    await using module = await createRepository({ files: { inner: '1' }, tag: 'v1' });
    await using repository = await createRepository({
      files: { '.gitattributes': '* filter=lfs\n', big: 'version https://git-lfs' },
    });
    await repository.git(
      ...['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module.url, 'module'],
    );
    await repository.commit({}, 'v1');
    const touched = join(await makeTempFolder(), 'touched');
    const hook = join(repository.directory, '.git/hooks/post-checkout');
    await writeFile(hook, `#!/bin/sh\ntouch ${touched}\n`, { mode: 0o755 });
    const { source, directory } = await open();
    await source.checkout(await pin(source, repository, 'v1'), join(directory, 'tree'), signal);
    expect(await readFile(join(directory, 'tree/big'), 'utf8')).toBe('version https://git-lfs');
    expect(await readdir(join(directory, 'tree/module'))).toEqual([]);
    await expect(readFile(touched)).rejects.toThrow();
  });

  test('a repository over HTTP', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    await repository.tag('v2', { message: 'Annotated' });
    await using server = await serveRepository(repository);
    const { url } = server;
    const { source } = await open();
    const commit = await source.resolve({ url, tag: 'v2' }, signal);
    expect(commit).toBe(repository.firstCommit);
    const asked = server.requests.length;
    expect(await source.readFile({ url, tag: 'v2', commit }, 'a', 100)).toBe('1');
    expect(server.requests).toHaveLength(asked);
  });

  test('the credentials of a URL, and shows them nowhere', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const authorization = `Basic ${Buffer.from('bot:s3cr3t@/word').toString('base64')}`;
    await using server = await serveRepository(repository, { authorization });
    const url = server.url.replace('//', `//bot:${encodeURIComponent('s3cr3t@/word')}@`);
    const { source, directory } = await open();
    const commit = await source.resolve({ url, tag: 'v1' }, signal);
    expect(commit).toBe(repository.firstCommit);

    const failure = await failureOf(source.resolve({ url, tag: 'v2' }, signal));
    expect(failure.message).toContain('http://***@127.0.0.1');
    expect(JSON.stringify({ ...failure, message: failure.message })).not.toContain('s3cr3t');
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile()))
      expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain('s3cr3t');
    // Whoever has no credentials reads nothing of what others fetched with theirs.
    await expect(
      source.readFile({ url: server.url, tag: 'v1', commit }, 'a', 100),
    ).rejects.toMatchObject({ reason: 'unreachable' });
  });
});

describe('git explains', () => {
  test('which tags there are where one is missing', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1.0' });
    for (const tag of ['v1.9', 'v1.10', 'v1.2', 'v1.3', 'v1.4']) await repository.tag(tag);
    const { source } = await open();
    const failure = await failureOf(pin(source, repository, 'v2'));
    expect(failure).toMatchObject({
      message: `The repository ${repository.url} has no tag, branch or commit "v2".`,
      nextStep: expect.stringContaining('v1.10, v1.9, v1.4, v1.3, v1.2.'),
    });
  });

  test('that a tag leads to something else than a commit', async () => {
    await using repository = await createRepository({ files: { a: '1' } });
    await repository.tag('v1', { at: 'HEAD:a' });
    const { source } = await open();
    expect(await failureOf(pin(source, repository, 'v1'))).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('does not lead to a commit'),
    });
  });

  test('that a repository is private', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    await using server = await serveRepository(repository, { authorization: 'Basic other' });
    const { source } = await open();
    const failure = await failureOf(source.resolve({ url: server.url, tag: 'v1' }, signal));
    expect(failure).toMatchObject({
      reason: 'unreachable',
      message: `The repository ${server.url} is private or does not exist.`,
      nextStep: expect.stringContaining('key'),
      output: expect.stringContaining('terminal prompts disabled'),
    });
  });

  test('that nothing listens', async () => {
    const { url, server } = await listenSilently();
    server.close();
    const { source } = await open();
    expect(await failureOf(source.resolve({ url, tag: 'v1' }, signal))).toMatchObject({
      reason: 'unreachable',
      message: `The repository ${url} could not be read.`,
      output: expect.stringContaining('Failed to connect'),
    });
  });

  test('that a repository did not answer in time', async () => {
    const { url } = await listenSilently();
    const { source } = await open({ timeoutMs: 200 });
    expect(await failureOf(source.resolve({ url, tag: 'v1' }, signal))).toMatchObject({
      reason: 'unreachable',
      message: `The repository ${url} was not read within 0.2 s.`,
    });
  });

  test('that git is not installed', async () => {
    await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
    const { source } = await open({ gitExecutable: '/no/such/git' });
    expect(await failureOf(pin(source, repository, 'v1'))).toMatchObject({
      message: 'The program git could not be started.',
    });
  });
});

test('an abort ends git and everything it started', async () => {
  const { url, sockets } = await listenSilently();
  const { source } = await open();
  const controller = new AbortController();
  const resolving = source.resolve({ url, tag: 'v1' }, controller.signal);
  const outcome = expect(resolving).rejects.toThrow('No longer wanted');
  await vi.waitFor(() => expect(sockets).toHaveLength(1), 10_000);
  controller.abort(new Error('No longer wanted'));
  await outcome;
  // Held by the child of git that speaks HTTP.
  await vi.waitFor(() => expect(sockets[0]?.closed).toBe(true), 10_000);
});

test('an aborted call does not keep a parallel one from its commit', async () => {
  await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
  const { source } = await open();
  const { url } = repository;
  const controller = new AbortController();
  const calls = [controller.signal, signal, signal].map((each) =>
    source.resolve({ url, tag: 'v1' }, each),
  );
  controller.abort(new Error('No longer wanted'));
  const [aborted, ...others] = await Promise.allSettled(calls);
  expect(aborted).toMatchObject({ status: 'rejected' });
  for (const other of others)
    expect(other).toEqual({ status: 'fulfilled', value: repository.firstCommit });
});

async function pin(source: ReturnType<typeof openGitSource>, { url }: TestRepository, tag: string) {
  return { url, tag, commit: await source.resolve({ url, tag }, signal) };
}

/** The ids of all commits below a source's directory. */
async function cachedCommits(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const repositories = names.filter((name) => /^[0-9a-f]{32}$/.test(name));
  return (await Promise.all(repositories.map((name) => readdir(join(directory, name))))).flat();
}

async function failureOf(promise: Promise<unknown>): Promise<SourceFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SourceFailure) return error;
  throw new Error('Expected a SourceFailure', { cause: error });
}

/** A server that takes connections and never answers. */
async function listenSilently() {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    // Reads, to see the other side go.
    sockets.push(socket.resume().on('error', () => undefined));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/connector.git`, server, sockets };
}
