import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { selectOperatorEnvironment } from '../../../../src/drivers/builder/node/build-environment.ts';
import { createFileDigests } from '../../../../src/drivers/builder/node/file-digests.ts';
import { openToolPackages } from '../../../../src/drivers/builder/node/tool-packages.ts';
import { openTools } from '../../../../src/drivers/builder/node/tools.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const node = Number.parseInt(process.versions.node, 10) as 24;
const npm = { name: 'npm', locked: true, hasWorkspaces: false } as const;

function openIn(toolDirectory: string) {
  const packages = openToolPackages({
    toolDirectory,
    timeoutMs: 120_000,
    digests: createFileDigests(),
    environmentIn: (home) => ({ ...selectOperatorEnvironment(process.env), HOME: home }),
  });
  const tools = openTools(
    { toolDirectory, cacheDirectory: join(toolDirectory, 'cache') },
    packages,
  );
  return { packages, tools };
}

test.for([
  // An empty program ends well, without having done anything.
  ['an empty program', (path: string) => truncate(join(path, 'npm'))],
  ['another program', (path: string) => writeFile(join(path, 'yarn'), '#!/bin/sh\necho hello\n')],
  ['no node', (path: string) => rm(join(path, 'node'))],
  ['nothing at all', (path: string) => rm(path, { recursive: true })],
] as const)('a folder for PATH with %s is made again', async ([, damage]) => {
  const { tools } = openIn(await makeTempFolder());
  const { path } = await tools.toolset(node, npm);
  const readAll = async () =>
    Promise.all(['npm', 'npx', 'yarn'].map((name) => readFile(join(path, name), 'utf8')));
  const whole = await readAll();
  await damage(path);
  expect((await tools.toolset(node, npm)).path).toBe(path);
  expect(await readAll()).toEqual(whole);
  expect((await readdir(path)).sort()).toEqual(['node', 'npm', 'npx', 'yarn']);
});

test('a package of which a file is damaged is brought again, by the next process', async () => {
  const directory = await makeTempFolder();
  const bring = () => openIn(directory).packages.fetch('is-number', '7.0.0');
  const find = () => openIn(directory).packages.find('is-number', '7.0.0');
  expect(await find()).toBeUndefined();
  const brought = await bring();
  expect(await find()).toEqual(brought);
  const file = join(brought.directory, 'index.js');
  const whole = await readFile(file, 'utf8');

  await writeFile(file, whole.replace('use strict', 'use sloppy'));
  expect(await find()).toBeUndefined();
  expect(await bring()).toEqual(brought);
  expect(await readFile(file, 'utf8')).toBe(whole);

  await rm(join(directory, 'is-number-7.0.0', 'complete'));
  expect(await find()).toBeUndefined();
  expect(await bring()).toEqual(brought);
  expect(await find()).toEqual(brought);
  expect((await readdir(directory)).map((name) => basename(name)).sort()).toEqual([
    'is-number-7.0.0',
    'work',
  ]);
  expect(await readdir(join(directory, 'work'))).toEqual([]);
});
