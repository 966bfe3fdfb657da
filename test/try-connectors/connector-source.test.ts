import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { createRepository } from '../support/git-repository.ts';
import { openConnectorSource, parseConnectorArgument } from './connector-source.ts';

describe('connector source', () => {
  test('reads the clone, the tag and the folder, whatever @ they contain', async () => {
    await using repository = await createRepository({ files: { 'a.txt': 'a' } });
    const clone = repository.directory;

    expect(await parseConnectorArgument(`${clone}@v1.0`)).toEqual({ clone, tag: 'v1.0' });
    expect(await parseConnectorArgument(`${clone}@@scope/name@0.4.0:templates/ts`)).toEqual({
      clone,
      tag: '@scope/name@0.4.0',
      folder: 'templates/ts',
    });
    expect(await parseConnectorArgument(`${clone}@v1`, 'templates')).toMatchObject({
      folder: 'templates',
    });
  });

  test.each(['/nowhere@v1', '/tmp', '/tmp@', '@v1', ''])('refuses %j', async (text) => {
    await expect(parseConnectorArgument(text)).rejects.toThrow('expected CLONE@TAG');
  });

  test('takes a tagged clone as it is', async () => {
    await using repository = await createRepository({ files: { 'a.txt': 'a' }, tag: 'v1' });
    await using source = await openConnectorSource({
      clone: repository.directory,
      tag: 'v1',
      folder: undefined,
    });
    expect(source).toMatchObject({ name: 'connector', url: repository.url, tag: 'v1' });
  });

  test('gives a branch a tag of its own', async () => {
    await using repository = await createRepository({ files: { 'a.txt': 'a' } });
    await using source = await openConnectorSource({
      clone: repository.directory,
      tag: 'main',
      folder: undefined,
    });
    expect(source.url).not.toBe(repository.url);
    expect(await listFiles(source)).toEqual(['a.txt']);
  });

  test('makes a folder the root', async () => {
    const files = { 'README.md': '', 'templates/ts/connect.yaml': '', 'templates/ts/app/x.js': '' };
    await using repository = await createRepository({ files, tag: 'v1' });
    await using source = await openConnectorSource({
      clone: repository.directory,
      tag: 'v1',
      folder: 'templates/ts',
    });
    expect(source).toMatchObject({ name: 'connector', folderName: 'ts' });
    expect(await listFiles(source)).toEqual(['app/x.js', 'connect.yaml']);
  });

  test('says so where the tag is unknown', async () => {
    await using repository = await createRepository({ files: { 'a.txt': 'a' } });
    const argument = { clone: repository.directory, tag: 'v9', folder: undefined };
    await expect(openConnectorSource(argument)).rejects.toThrow('v9');
  });
});

async function listFiles({ url, tag }: { url: string; tag: string }): Promise<string[]> {
  const cwd = fileURLToPath(url);
  const { stdout } = await execa('git', ['ls-tree', '-r', '--name-only', tag], { cwd });
  return stdout.split('\n');
}
