import { lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PinnedRepository, Source } from '../../src/ports/source.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** What every source promises. `open` makes one that has fetched nothing yet and takes `file:///` repositories. */
export function describeSource(name: string, open: () => Promise<Source>): void {
  const signal = new AbortController().signal;
  const resolve = async (source: Source, { url }: TestRepository, tag: string) => {
    const commit = await source.resolve({ url, tag }, signal);
    return { url, tag, commit } satisfies PinnedRepository;
  };

  describe(`${name} as a source`, () => {
    test('resolves a tag to its commit', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
      await repository.commit({ a: '2' }, 'v2');
      const source = await open();
      const { commit } = await resolve(source, repository, 'v1');
      expect(commit).toBe(repository.firstCommit);
    });

    test('resolves an annotated tag to the commit and not to the tag', async () => {
      await using repository = await createRepository({ files: { a: '1' } });
      await repository.tag('v1', { message: 'First' });
      const source = await open();
      const { commit } = await resolve(source, repository, 'v1');
      expect(commit).toBe(repository.firstCommit);
    });

    test.each(['v.0.0.8', '17-01-2024_2', 'feature/34077-x-0.1.2', '1.0.0@beta'])(
      'takes the tag %s',
      async (tag) => {
        await using repository = await createRepository({ files: { a: '1' }, tag });
        const source = await open();
        const { commit } = await resolve(source, repository, tag);
        expect(commit).toBe(repository.firstCommit);
      },
    );

    test('takes a branch or a whole commit id for a tag', async () => {
      await using repository = await createRepository({ files: { a: '1' } });
      const newest = await repository.commit({ a: '2' });
      const source = await open();
      expect((await resolve(source, repository, 'main')).commit).toBe(newest);
      const { commit } = await resolve(source, repository, repository.firstCommit);
      expect(commit).toBe(repository.firstCommit);
    });

    test('forgets what is above its budget, the longest unused first, and fetches it again', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
      const source = await open();
      const at = await resolve(source, repository, 'v1');
      await source.prune({ maxBytes: 0, usedSince: 0 });
      await source.prune({ maxBytes: 1024 ** 3, usedSince: Infinity });
      await source.prune({ maxBytes: 0, usedSince: Infinity });
      expect(await source.readFile(at, 'a', 10)).toBe('1');
    });

    test('takes the tag where a branch has the same name', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'main' });
      await repository.commit({ a: '2' });
      const source = await open();
      const { commit } = await resolve(source, repository, 'main');
      expect(commit).toBe(repository.firstCommit);
    });

    test('follows a tag that moved and still reads the commit it pointed at', async () => {
      await using repository = await createRepository({ files: { a: 'old' }, tag: 'v1' });
      const source = await open();
      const before = await resolve(source, repository, 'v1');
      const moved = await repository.commit({ a: 'new' }, 'v1');
      const after = await resolve(source, repository, 'v1');
      expect(after.commit).toBe(moved);
      expect(await source.readFile(before, 'a', 100)).toBe('old');
      expect(await source.readFile(after, 'a', 100)).toBe('new');
    });

    test('reads and checks out a resolved commit when the repository is gone', async () => {
      const repository = await createRepository({ files: { 'app/a': '1' }, tag: 'v1' });
      const source = await open();
      const at = await resolve(source, repository, 'v1');
      await repository.remove();
      const folder = await makeTempFolder();
      expect(await source.readFile(at, 'app/a', 100)).toBe('1');
      expect(await source.treeDigest(at, 'app')).toBeDefined();
      await source.checkout(at, join(folder, 'tree'), signal);
      expect(await readFile(join(folder, 'tree/app/a'), 'utf8')).toBe('1');
    });

    test('names the repository that does not exist', async () => {
      const url = `file://${join(tmpdir(), 'no-such-repository.git')}`;
      const source = await open();
      await expect(source.resolve({ url, tag: 'v1' }, signal)).rejects.toMatchObject({
        name: 'SourceFailure',
        reason: 'unreachable',
        message: expect.stringContaining(url),
        nextStep: expect.any(String),
      });
    });

    test('names the tag that does not exist', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
      const source = await open();
      await expect(resolve(source, repository, 'v2')).rejects.toMatchObject({
        name: 'SourceFailure',
        reason: 'unreachable',
        message: expect.stringContaining('"v2"'),
        nextStep: expect.any(String),
      });
    });

    test('answers parallel calls for one repository', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
      await repository.commit({ a: '2' }, 'v2');
      const source = await open();
      const tags = ['v1', 'v2', 'v1', 'v2', 'v1', 'main'];
      const found = await Promise.all(tags.map((tag) => resolve(source, repository, tag)));
      const texts = await Promise.all(found.map((at) => source.readFile(at, 'a', 100)));
      expect(texts).toEqual(['1', '2', '1', '2', '1', '2']);
    });

    test('stops at once when aborted', async () => {
      await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
      const source = await open();
      const reason = new Error('No longer wanted');
      const { url } = repository;
      await expect(source.resolve({ url, tag: 'v1' }, AbortSignal.abort(reason))).rejects.toBe(
        reason,
      );
    });

    describe('readFile', () => {
      test('answers undefined for what is no file of the commit', async () => {
        await using repository = await createRepository({ files: { 'app/a': '1' }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        for (const path of ['b', 'app', 'app/a/b', '../a', '/app/a', '', 'x\ny', '-h'])
          expect(await source.readFile(at, path, 100), path).toBeUndefined();
      });

      test('reads a text with every character and line end as it is', async () => {
        const text = '\r\nnaïve ☃ "$HOME" \\n\n\n';
        await using repository = await createRepository({ files: { 'a b': text }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        expect(await source.readFile(at, 'a b', 100)).toBe(text);
      });

      test('refuses a file larger than asked for', async () => {
        await using repository = await createRepository({
          files: { exact: 'x'.repeat(100), larger: 'x'.repeat(101) },
          tag: 'v1',
        });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        expect(await source.readFile(at, 'exact', 100)).toHaveLength(100);
        await expect(source.readFile(at, 'larger', 100)).rejects.toMatchObject({
          name: 'SourceFailure',
          reason: 'too-large',
          message: expect.stringContaining('larger'),
        });
      });
    });

    describe('treeDigest', () => {
      test('changes only when something below the folder changes', async () => {
        await using repository = await createRepository({
          files: { 'app/src/a': '1', 'other/b': '1' },
          tag: 'v1',
        });
        await repository.commit({ 'other/b': '2' }, 'v2');
        await repository.commit({ 'app/src/a': '2' }, 'v3');
        const source = await open();
        const digests = [];
        for (const tag of ['v1', 'v2', 'v3'])
          digests.push(await source.treeDigest(await resolve(source, repository, tag), 'app'));
        expect(digests[0]).toBeDefined();
        expect(digests[1]).toBe(digests[0]);
        expect(digests[2]).not.toBe(digests[0]);
      });

      test('answers undefined for what is no folder of the commit', async () => {
        await using repository = await createRepository({ files: { 'app/a': '1' }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        for (const path of ['b', 'app/a', '..', '/'])
          expect(await source.treeDigest(at, path), path).toBeUndefined();
      });

      test('covers the whole tree for the root', async () => {
        await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        expect(await source.treeDigest(at, '')).toBeDefined();
        expect(await source.treeDigest(at, '.')).toBe(await source.treeDigest(at, ''));
      });
    });

    describe('checkout', () => {
      test('writes files, executables and symlinks, and nothing else', async () => {
        await using repository = await createRepository({
          files: {
            'connect.yaml': 'deployAs: []\n',
            'app/bin/run': { text: '#!/bin/sh\n', mode: 0o755 },
            'app/shared': { symlink: '../connect.yaml' },
          },
          tag: 'v1',
        });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        const folder = await makeTempFolder();
        const directory = join(folder, 'deep/tree');
        await source.checkout(at, directory, signal);
        expect((await readdir(directory, { recursive: true })).sort()).toEqual([
          'app',
          'app/bin',
          'app/bin/run',
          'app/shared',
          'connect.yaml',
        ]);
        expect((await lstat(join(directory, 'app/bin/run'))).mode & 0o111).not.toBe(0);
        expect(await readlink(join(directory, 'app/shared'))).toBe('../connect.yaml');
      });

      test('refuses a directory that exists and leaves it alone', async () => {
        await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        const folder = await makeTempFolder();
        await mkdir(join(folder, 'tree'));
        await expect(source.checkout(at, join(folder, 'tree'), signal)).rejects.toThrow();
        expect(await readdir(join(folder, 'tree'))).toEqual([]);
      });

      test('leaves nothing behind when aborted', async () => {
        await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        const folder = await makeTempFolder();
        const aborted = AbortSignal.abort(new Error('No longer wanted'));
        await expect(source.checkout(at, join(folder, 'tree'), aborted)).rejects.toThrow(
          'No longer wanted',
        );
        expect(await readdir(folder)).toEqual([]);
      });

      test('writes the same commit to several directories at once', async () => {
        await using repository = await createRepository({
          files: { a: '1', 'b/c': '2' },
          tag: 'v1',
        });
        const source = await open();
        const at = await resolve(source, repository, 'v1');
        const folder = await makeTempFolder();
        const names = ['1', '2', '3', '4'];
        await Promise.all(names.map((name) => source.checkout(at, join(folder, name), signal)));
        for (const name of names)
          expect(await readFile(join(folder, `${name}/b/c`), 'utf8')).toBe('2');
      });
    });
  });
}
