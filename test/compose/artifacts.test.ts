import { appendFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openArtifacts } from '../../src/compose/artifacts.ts';
import { readOrMakeId } from '../../src/compose/data-directory-id.ts';
import { dataLayout } from '../../src/compose/data-layout.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { prepareNodeBuilderPlace } from '../support/builder-place.ts';
import { createRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

test('a folder without a Berth has no artifacts to show', async () => {
  const dataDirectory = await makeTempFolder();
  await expect(openArtifacts({ dataDirectory })).rejects.toThrow('no records of a Berth');
});

test('a Berth whose records are in PostgreSQL has its artifacts in its folder', async () => {
  const dataDirectory = await makeTempFolder();
  const databaseUrl = 'postgres://nobody@127.0.0.1/berth';
  await expect(openArtifacts({ dataDirectory, databaseUrl })).rejects.toThrow('no records');
  await readOrMakeId(dataLayout(dataDirectory).id);
  expect(await (await openArtifacts({ dataDirectory, databaseUrl })).list()).toEqual([]);
});

test('artifacts are listed with where they come from, and the damaged are named', async () => {
  const dataDirectory = await makeTempFolder();
  const layout = dataLayout(dataDirectory);
  await (await openSqliteStore({ file: layout.store }))[Symbol.asyncDispose]();
  await using place = await prepareNodeBuilderPlace(await makeTempFolder(), {
    directory: layout.builds,
  });
  await using repository = await createRepository({
    files: { 'site/public/index.html': 'hello' },
    tag: 'v1',
  });
  const { artifact } = await place.open().build(
    {
      repository: await place.pin(repository, 'v1'),
      application: 'site',
      type: 'assets',
      environment: {},
    },
    { signal: new AbortController().signal, onOutput: () => {} },
  );
  const { key, commit } = artifact;

  const artifacts = await openArtifacts({ dataDirectory });
  expect(await artifacts.list()).toEqual([
    { key, application: 'site', commit, bytes: expect.any(Number) },
  ]);
  expect(JSON.stringify(await artifacts.show(key))).toContain(commit);
  expect(await artifacts.verify()).toEqual([{ key }]);
  for (const unknown of ['../../berth.db', '0'.repeat(64)])
    await expect(artifacts.show(unknown)).rejects.toThrow('There is no artifact');

  await appendFile(join(artifact.directory, 'public/index.html'), '<script>');
  const damage = 'the content of site/public/index.html has changed';
  expect(await artifacts.verify()).toEqual([{ key, damage }]);

  await truncate(join(layout.builds, 'artifacts', key, 'artifact.json'), 10);
  expect(await artifacts.list()).toEqual([]);
  expect(await artifacts.verify()).toEqual([{ key, damage: expect.stringContaining('record') }]);
  await expect(artifacts.show(key)).rejects.toThrow('damaged');
});
