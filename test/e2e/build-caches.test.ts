import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectOperatorEnvironment } from '../../src/drivers/builder/node/build-environment.ts';
import type { Builder, BuiltArtifact } from '../../src/ports/builder.ts';
import type { PinnedRepository } from '../../src/ports/source.ts';
import { prepareNodeBuilderPlace } from '../support/builder-place.ts';
import { describeInstalled } from '../support/describe-installed.ts';
import { createRepository } from '../support/git-repository.ts';
import {
  lockedApplication,
  lockedInstalls,
  managers,
  readPackages,
} from '../support/locked-application.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

let packages: Awaited<ReturnType<typeof readPackages>>;
beforeAll(async () => {
  packages = await readPackages();
});

async function build(builder: Builder, repository: PinnedRepository, lines: string[] = []) {
  return builder.build(
    { repository, application: 'app', type: 'service', environment: {} },
    { signal: new AbortController().signal, onOutput: (line) => lines.push(line) },
  );
}

describe.each(managers)('with %s', (manager) => {
  test('every cache gives the tree that the package manager itself would have made', async () => {
    const tools = await makeTempFolder();
    await using first = await prepareNodeBuilderPlace(tools);
    await using second = await prepareNodeBuilderPlace(tools);
    await using repository = await createRepository({
      files: lockedApplication(manager, 'one', packages),
      tag: 'v1',
    });
    await repository.commit(lockedApplication(manager, 'two', packages), 'v2');

    const nothing = await build(second.open(), await second.pin(repository, 'v2'));
    const expected = await describeInstalled(nothing.artifact.directory);
    expect(nothing.notes).toEqual([]);
    const paths = Object.keys(expected);
    expect(paths).toContain('built.js');
    expect(paths).toContainEqual(expect.stringMatching(/node_modules\/is-number\/index\.js$/));

    // Of an earlier tag: its dependency layer, or what its package manager keeps.
    const builder = first.open();
    await build(builder, await first.pin(repository, 'v1'));
    const lines: string[] = [];
    const layered = await build(builder, await first.pin(repository, 'v2'), lines);
    expect(layered.reused).toBe(false);
    const usesLayer = manager === 'npm' || manager === 'Yarn 1';
    expect(lines.some((line) => line.includes('that of an earlier build'))).toBe(usesLayer);
    expect(await describeInstalled(layered.artifact.directory)).toEqual(expected);

    // The artifact itself, by another process of Berth.
    const stored = await build(first.open(), await first.pin(repository, 'v2'));
    expect(stored.reused).toBe(true);
    expect(await describeInstalled(stored.artifact.directory)).toEqual(expected);

    // Downloads only.
    await builder.prune({ pinned: new Set(), maxBytes: 0, usedSince: Date.now() + 60_000 });
    const downloaded = await build(first.open(), await first.pin(repository, 'v2'));
    expect(downloaded.reused).toBe(false);
    expect(await describeInstalled(downloaded.artifact.directory)).toEqual(expected);

    expect(await byHand(nothing, repository.directory)).toEqual(expected);
  });

  /** As a person would, with the tools of the artifact. */
  async function byHand({ artifact }: BuiltArtifact, repository: string) {
    const folder = await makeTempFolder();
    const directory = join(folder, 'connector', 'app');
    await execa('git', ['clone', '--quiet', '--branch=v2', repository, join(folder, 'connector')]);
    const options = {
      cwd: directory,
      stdin: 'ignore',
      extendEnv: false,
      env: {
        ...selectOperatorEnvironment(process.env),
        PATH: [...artifact.path, process.env['PATH']].join(delimiter),
        HOME: folder,
        npm_config_cache: join(folder, 'npm'),
      },
    } as const;
    const [program, ...args] = lockedInstalls[manager];
    await execa(program, args, options);
    await execa(program, ['run', 'build'], options);
    return describeInstalled(directory);
  }
});
