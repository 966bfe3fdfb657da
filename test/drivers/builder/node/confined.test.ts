import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareNodeBuilderPlace } from '../../../support/builder-place.ts';
import { createRepository } from '../../../support/git-repository.ts';
import { openTestSandbox, whatSeparates } from '../../../support/sandbox.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const separates = await whatSeparates();

describe.runIf(separates.files)('in a sandbox', () => {
  test('a build that needs a tool fetched leaves the others their cache', async () => {
    const tools = join(await makeTempFolder(), 'tools');
    await using place = await prepareNodeBuilderPlace(tools, { sandbox: await openTestSandbox() });
    const manifest = { name: 'app', version: '1.0.0', scripts: { start: 'node index.js' } };
    await using repository = await createRepository({
      files: {
        'with-nothing/package.json': JSON.stringify({
          ...manifest,
          scripts: { ...manifest.scripts, build: 'true' },
        }),
        'with-nothing/index.js': '',
        'with-pnpm/package.json': JSON.stringify(manifest),
        'with-pnpm/pnpm-lock.yaml': "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n",
        'with-pnpm/index.js': '',
        'with-npm/package.json': JSON.stringify({ ...manifest, dependencies: { ms: '2.1.3' } }),
        'with-npm/index.js': '',
      },
      tag: 'v1',
    });
    const pinned = await place.pin(repository, 'v1');
    const builder = place.open();
    const build = (application: string) =>
      builder.build(
        { repository: pinned, application, type: 'service', environment: {} },
        { signal: new AbortController().signal, onOutput: () => {} },
      );
    // From now on the cache is theirs.
    await build('with-nothing');
    expect((await build('with-pnpm')).artifact.packageManager).toMatch(/^pnpm /);
    expect((await readdir(tools)).some((name) => name.startsWith('pnpm-'))).toBe(true);
    const { artifact } = await build('with-npm');
    expect(await readdir(join(artifact.directory, 'node_modules'))).toContain('ms');
  });
});
