import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findToolFolders } from '../../../../src/drivers/builder/node/tool-folders.ts';
import { openProcessRuntime } from '../../../../src/drivers/runtime/process/process-runtime.ts';
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

  test.for([
    { name: 'in a copy', network: 'shared', runs: true, overlaid: false },
    { name: 'in an overlay', network: 'private', runs: separates.overlays, overlaid: true },
  ] as const)(
    'a script changes what was built as it likes, $name, and the artifact stays as it is',
    async ({ network, runs, overlaid }, { skip }) => {
      if (!runs) skip();
      const sandbox = await openTestSandbox({ network });
      const tools = join(await makeTempFolder(), 'tools');
      await using place = await prepareNodeBuilderPlace(tools, { sandbox });
      await using repository = await createRepository({
        files: {
          'app/package.json': JSON.stringify({
            ...{ name: 'app', version: '1.0.0', dependencies: { ms: '2.1.3' } },
            scripts: {
              start: 'node built/index.js',
              build: 'mkdir -p built && cp index.js built/',
            },
          }),
          'app/index.js': 'console.log(require("ms")(60_000));',
        },
        tag: 'v1',
      });
      const builder = place.open();
      const { artifact } = await builder.build(
        {
          repository: await place.pin(repository, 'v1'),
          application: 'app',
          type: 'service',
          environment: {},
        },
        { signal: new AbortController().signal, onOutput: () => {} },
      );
      await using runtime = await openProcessRuntime({
        directory: join(place.directory, 'run'),
        sandbox,
        surroundings: { ...limits, ...(await findToolFolders(tools, sandbox)) },
      });
      const workspace = await builder.openWorkspace(artifact.key);
      const { directory, root, overlay, path } = workspace;
      expect(overlay !== undefined).toBe(overlaid);
      const lines: string[] = [];
      const command = [
        // As it was built: nothing to do.
        'npm install --no-audit',
        'npm install --offline --no-audit',
        'npm run build',
        'node built/index.js',
        // Packages are renamed by package managers, and patched by some.
        'mv node_modules/ms node_modules/other',
        'echo "module.exports = () => \\"patched\\"" > node_modules/other/index.js',
        'rm -r built',
        'node -p "require(\'other\')()"',
      ].join(' && ');
      const result = await runtime.runOnce(
        { directory, root, path, command, environment: {}, ...(overlay && { overlay }) },
        {
          signal: new AbortController().signal,
          timeoutMs: 60_000,
          onOutput: (_, line) => lines.push(line),
        },
      );
      expect(result).toMatchObject({
        outcome: 'success',
        tail: expect.stringMatching(/1m\npatched$/),
      });
      const notDone = 'berth: npm install: nothing to do, the build has done it';
      expect(lines.filter((line) => line.startsWith('berth: '))).toEqual([notDone]);
      // @throws where a byte of it has changed
      expect(await builder.findIntact(artifact.key)).toMatchObject({ key: artifact.key });
      await workspace[Symbol.asyncDispose]();
      expect(await readdir(join(place.directory, 'builder', 'workspaces'))).toEqual([]);
      expect(await readFile('/proc/mounts', 'utf8')).not.toContain(place.directory);
    },
  );
});

const limits = {
  bounds: { processes: 512, openFiles: 8192, fileMb: 1024, scratchMb: 512 },
  commands: { memoryMb: 4096, cpus: 2, niceness: 5 },
};
