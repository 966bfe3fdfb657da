import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { prepareNodeBuilderPlace } from '../../../support/builder-place.ts';
import { createRepository } from '../../../support/git-repository.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const signal = new AbortController().signal;

test('a tool that is not here is told, and not fetched', async () => {
  const tools = await makeTempFolder();
  await using place = await prepareNodeBuilderPlace(tools);
  await using repository = await createRepository({
    files: {
      'app/package.json': JSON.stringify({ name: 'app', scripts: { start: 'node .' } }),
      'app/pnpm-lock.yaml': `lockfileVersion: '9.0'\n`,
    },
    tag: 'v1',
  });
  const request = {
    repository: await place.pin(repository, 'v1'),
    application: 'app',
    type: 'service',
    environment: {},
  } as const;
  const foreseen = await place.open().foresee(request, { signal });
  expect(foreseen).toEqual({
    outcome: 'build',
    reasons: [expect.stringMatching(/^It needs pnpm@[\d.]+, which is fetched first\.$/)],
  });
  expect((await readdir(tools)).filter((name) => name.startsWith('pnpm'))).toEqual([]);
});

test('no room on the disk is an error, and leaves nothing', async () => {
  const tools = await makeTempFolder();
  await using place = await prepareNodeBuilderPlace(tools);
  await using repository = await createRepository({
    files: { 'app/public/index.html': 'hello' },
    tag: 'v1',
  });
  const builder = place.open({
    requireRoom: () => Promise.reject(new Error('no room')),
  });
  const request = {
    repository: await place.pin(repository, 'v1'),
    application: 'app',
    type: 'assets',
    environment: {},
  } as const;
  await expect(builder.foresee(request, { signal })).rejects.toThrow('no room');
});
