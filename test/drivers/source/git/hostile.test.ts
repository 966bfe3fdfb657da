import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { serveRepository } from '../../../support/git-http-server.ts';
import { createRepository, type TestRepository } from '../../../support/git-repository.ts';
import { prepareSource, type Refusal, requireRefused } from '../../../support/hostile-source.ts';

const signal = new AbortController().signal;
const results: string[] = [];
afterAll(() => process.stdout.write(`Tricks of hostile repositories:\n${results.join('\n')}\n`));

async function refuse(trick: string, url: string, refusal: Refusal): Promise<void> {
  results.push((await requireRefused(trick, url, refusal)).line);
}

const touch = 'touch outside/executed';

test.each([
  ['a remote helper', `ext::sh -c ${touch}`],
  ['a remote helper without spaces', 'ext::sh%20-c%20touch'],
  ['a file descriptor', 'fd::17/x'],
  ['another helper', 'transport::https://example.com/a.git'],
  ['an unknown protocol', 'git://example.com/a.git'],
  ['ftp', 'ftp://example.com/a.git'],
  ['http to another machine', 'http://example.com/a.git'],
  ['an option for a URL', `--upload-pack=${touch}`],
  ['an option as ssh host', `ssh://-oProxyCommand=${touch.replace(/ /g, '%20')}/a.git`],
  ['an option as ssh user', 'ssh://-oProxyCommand=x@example.com/a.git'],
  ['an option as scp host', '-oProxyCommand=x:a.git'],
  ['an option as ssh path', 'git@example.com:--upload-pack=x'],
  ['a line break', 'https://example.com/a.git\nhttps://evil.example/'],
])('%s is no repository', async (trick, url) => {
  await refuse(trick, url, { says: /./ });
});

test.each([
  '--upload-pack=x',
  '-x',
  'a..b',
  'a b',
  'refs/../x',
  'v1\n',
  'v1:refs/heads/x',
  '$(id)',
])('%j is no tag', async (tag) => {
  await refuse(`tag ${JSON.stringify(tag)}`, '/nowhere.git', { tag, says: /tag/ });
});

test.each([
  'https://127.0.0.1/a.git',
  'https://localhost:5432/a.git',
  'https://[::1]/a.git',
  'https://[::ffff:127.0.0.1]/a.git',
  'https://2130706433/a.git',
  'https://0x7f.1/a.git',
  'https://0.0.0.0/a.git',
  'https://169.254.169.254/latest/meta-data',
  'https://10.1.2.3/a.git',
  'https://192.168.1.1/a.git',
  'https://[fe80::1]/a.git',
  'https://[fd00::1]/a.git',
  'ssh://git@127.0.0.1/a.git',
  'git@localhost:a.git',
])('%s is not reached from a server', async (url) => {
  await refuse(url, url, {
    allowPrivate: false,
    says: /private network or of this machine/,
  });
});

test.each([
  ['https://evil.example/a.git', ['github.com']],
  ['https://github.com.evil.example/a.git', ['github.com']],
  ['https://evilexample.com/a.git', ['*.example.com']],
  ['https://example.com/a.git', ['*.example.com']],
  ['https://git.example.com:22/a.git', ['git.example.com:8443']],
])('%s is on none of %j', async (url, allowedHosts) => {
  await refuse(`${url} of ${allowedHosts}`, url, {
    allowedHosts,
    says: /not allowed here/,
  });
});

const odd: readonly (readonly [string, string, RegExp])[] = [
  ['.git', '.git', /folder of git itself/],
  ['.GIT', '.GIT', /folder of git itself/],
  ['.git with an ignored character', '.g\u200cit', /folder of git itself/],
  ['.git with a dot', '.git.', /folder of git itself/],
  ['.git as a short name', 'git~1', /folder of git itself/],
  ['.git with a stream', '.git::$INDEX_ALLOCATION', /folder of git itself/],
  ['..', '..', /no path inside/],
  ['a line break', 'a\nb', /control characters/],
  ['a long name', 'x'.repeat(300), /more than 255 bytes/],
];

test.each(odd)('a tree with %s is not written', async (trick, name, says) => {
  await using repository = await createRepository({ files: { a: '1' } });
  for (const path of [(id: string) => `100644 blob ${id}\t${name}`]) {
    const blob = await repository.git('hash-object', '-w', 'a');
    await tagTree(repository, path(blob));
  }
  await refuse(`a file named ${trick}`, repository.url, { says });
});

test('a tree of trees of trees is not unfolded', async () => {
  await using repository = await createRepository({ files: { a: '1' } });
  const blob = await repository.git('hash-object', '-w', 'a');
  let entry = Array.from({ length: 10 }, (_, i) => `100644 blob ${blob}\tf${i}`).join('\0');
  for (let depth = 0; depth < 9; depth++) {
    const tree = await makeTree(repository, entry);
    entry = Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\td${i}`).join('\0');
  }
  await tagTree(repository, entry);
  await refuse('a bomb of 10^10 files', repository.url, {
    says: /more than 50000 files or folders/,
  });
});

test('empty folders in empty folders are not unfolded either', async () => {
  await using repository = await createRepository({ files: { a: '1' } });
  let tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  for (let depth = 0; depth < 10; depth++) {
    const folders = Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\td${i}`);
    tree = await makeTree(repository, folders.join('\0'));
  }
  await tagTree(repository, `040000 tree ${tree}\tapp`);
  await refuse('a bomb of 10^10 empty folders', repository.url, {
    says: /more than 50000 files or folders/,
  });
});

test('a folder 1,000 deep is not written', async () => {
  await using repository = await createRepository({ files: { a: '1' } });
  // Without a work tree, which could not hold it.
  await execa('git', ['fast-import', '--quiet', '--force'], {
    cwd: repository.directory,
    input: `blob\nmark :1\ndata 1\nx\ncommit refs/tags/v1\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\nM 100644 :1 ${'d/'.repeat(1000)}a\n\n`,
  });
  await refuse('a folder 1,000 deep', repository.url, { says: /more than 64 folders deep/ });
});

test('a folder of 100,000 files is not written', async () => {
  await using repository = await createRepository({ files: { a: '1' } });
  const blob = await repository.git('hash-object', '-w', 'a');
  const files = Array.from({ length: 100_000 }, (_, i) => `100644 ${blob}\tf${i}\n`);
  await execa('git', ['update-index', '--index-info'], {
    cwd: repository.directory,
    input: files.join(''),
  });
  const tree = await repository.git('write-tree', '--missing-ok');
  await repository.tag('v1', { at: await repository.git('commit-tree', '-m', 'x', tree) });
  await refuse('a folder of 100,000 files', repository.url, { says: /more than 50000 files/ });
});

test('100,000 tags are no burden, and a missing one is told from them', async () => {
  await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
  const refs = Array.from(
    { length: 100_000 },
    (_, i) => `${repository.firstCommit} refs/tags/release-${String(i).padStart(6, '0')}\n`,
  );
  await writeFile(join(repository.directory, '.git', 'packed-refs'), refs.join(''));
  const { source } = await prepareSource();
  expect(await source.resolve({ url: repository.url, tag: 'release-077777' }, signal)).toBe(
    repository.firstCommit,
  );
  await refuse('100,000 tags', repository.url, { tag: 'v9', says: /has no tag/ });
});

test('a tag of a tag of a tag leads to its commit', async () => {
  await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
  let id = repository.firstCommit;
  for (let depth = 0; depth < 50; depth++) {
    const type = depth === 0 ? 'commit' : 'tag';
    const { stdout } = await execa('git', ['hash-object', '-t', 'tag', '-w', '--stdin'], {
      cwd: repository.directory,
      input: `object ${id}\ntype ${type}\ntag v1\ntagger A <a@b.c> 0 +0000\n\nx\n`,
    });
    id = stdout;
  }
  await repository.git('update-ref', 'refs/tags/deep', id);
  const { source } = await prepareSource();
  expect(await source.resolve({ url: repository.url, tag: 'deep' }, signal)).toBe(
    repository.firstCommit,
  );
  await repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  await refuse('the id of a tag in place of a commit', repository.url, {
    tag: id,
    says: /is not a commit/,
  });
});

test.each(['blob', 'tree'])('a tag that leads to a %s is refused', async (type) => {
  await using repository = await createRepository({ files: { 'd/a': '1' } });
  await repository.tag('v1', { at: type === 'blob' ? 'HEAD:d/a' : 'HEAD:d' });
  await refuse(`a tag of a ${type}`, repository.url, { says: /does not lead to a commit/ });
});

test('names that only some file systems tell apart are written as they are', async () => {
  const names = ['Read.me', 'read.me', 'r\u00e9', 're\u0301', 'a.', 'a', 'con', 'x\u202etxt'];
  await using repository = await createRepository({
    files: Object.fromEntries(names.map((name) => [`d/${name}`, name])),
    tag: 'v1',
  });
  const { source, folder, requireHarmless } = await prepareSource();
  const at = { url: repository.url, tag: 'v1' };
  const commit = await source.resolve(at, signal);
  await source.checkout({ ...at, commit }, join(folder, 'source', 'tree'), signal);
  const written = await readdir(join(folder, 'source', 'tree', 'd'));
  expect(written.toSorted()).toEqual((await readdir(join(repository.directory, 'd'))).toSorted());
  await requireHarmless();
});

test('what a process that died was fetching goes, and what another is fetching stays', async () => {
  const { source, directory } = await prepareSource();
  const [dead, alive] = ['fetch-dead', 'fetch-alive'].map((name) =>
    join(directory, 'incoming', name),
  );
  for (const folder of [dead, alive])
    await mkdir(join(folder ?? '', 'objects'), { recursive: true });
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(dead ?? '', longAgo, longAgo);
  await source.prune({ maxBytes: 1024 ** 3, usedSince: 0 });
  expect(await readdir(join(directory, 'incoming'))).toEqual(['fetch-alive']);
});

test('a bomb of zeros is not unfolded', async () => {
  await using repository = await createRepository({
    files: { 'connect.yaml': 'x'.repeat(100 * 1024 * 1024) },
    tag: 'v1',
  });
  await refuse('a connect.yaml of 100 MB, packed to 100 KB', repository.url, {
    maxTreeBytes: 50 * 1024 * 1024,
    says: /larger than 50 MiB/,
  });
});

test.each([
  ['an absolute link', '/etc/passwd'],
  ['a link that climbs', '../../outside/canary'],
  ['a link that climbs late', 'b/../../../outside'],
])('%s out of the tree is refused', async (trick, target) => {
  await using repository = await createRepository({
    files: { 'app/package.json': { symlink: target } },
    tag: 'v1',
  });
  await refuse(trick, repository.url, { says: /symlink/ });
});

test('a redirect is not followed where hosts are restricted, and its target is not asked', async () => {
  await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
  await using target = await serveRepository(repository);
  const front = createServer((request, response) =>
    response
      .writeHead(301, { location: target.url.replace('/connector.git', request.url ?? '') })
      .end(),
  );
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/connector.git`;
  await refuse('a redirect', url, { allowPrivate: false, says: /leads to another URL/ });
  expect(target.requests).toEqual([]);
  front.close();
});

test('programs that a repository names are not run by a checkout', async () => {
  const { source, folder, requireHarmless } = await prepareSource();
  const program = `touch ${join(folder, 'outside', 'executed')}`;
  await using repository = await createRepository({
    files: {
      '.gitattributes': '* filter=evil diff=evil ident export-subst\n*.bin filter=lfs\n',
      '.gitconfig': `[filter "evil"]\n\tsmudge = ${program}\n[core]\n\tfsmonitor = ${program}\n`,
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "${program}"\n\tupdate = !${program}\n`,
      'hooks/post-checkout': { text: `#!/bin/sh\n${program}\n`, mode: 0o755 },
      a: '$Format:%H$',
    },
    tag: 'v1',
  });
  await repository.git('config', 'filter.evil.smudge', program);
  await repository.git('config', 'core.fsmonitor', program);
  await repository.git('config', 'core.sshCommand', program);
  await repository.git('config', 'url.ext::sh.insteadOf', 'file://');
  await repository.git('config', 'uploadpack.packObjectsHook', program);
  const at = { url: repository.url, tag: 'v1' };
  const commit = await source.resolve(at, signal);
  await source.checkout({ ...at, commit }, join(folder, 'source', 'tree'), signal);
  expect(await readFile(join(folder, 'source', 'tree', 'a'), 'utf8')).toBe('$Format:%H$');
  await requireHarmless();
  results.push(
    '  harmless filters, hooks, submodules, fsmonitor, sshCommand, insteadOf, packObjectsHook',
  );
});

async function makeTree(repository: TestRepository, entries: string): Promise<string> {
  const { stdout } = await execa('git', ['mktree', '-z'], {
    cwd: repository.directory,
    input: `${entries}\0`,
  });
  return stdout;
}

async function tagTree(repository: TestRepository, entries: string): Promise<void> {
  const tree = await makeTree(repository, entries);
  await repository.tag('v1', { at: await repository.git('commit-tree', '-m', 'x', tree) });
}
