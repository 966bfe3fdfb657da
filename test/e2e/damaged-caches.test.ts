import { lstat, open, readdir, rename, rm, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArtifactDamaged, Failure } from '../../src/core/failure.ts';
import type { Artifact, Builder } from '../../src/ports/builder.ts';
import type { PinnedRepository } from '../../src/ports/source.ts';
import { createRandom } from '../chaos/random.ts';
import { prepareNodeBuilderPlace } from '../support/builder-place.ts';
import { describeInstalled } from '../support/describe-installed.ts';
import { createRepository } from '../support/git-repository.ts';
import { lockedApplication, managers, readPackages } from '../support/locked-application.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const rounds = 4;

let packages: Awaited<ReturnType<typeof readPackages>>;
beforeAll(async () => {
  packages = await readPackages();
});

type Random = ReturnType<typeof createRandom>;

/** As bits rot, as a power cut leaves what was being written, and as people tidy up. */
const damages: Readonly<Record<string, (file: string, random: Random) => Promise<void>>> = {
  async 'a flipped bit, which neither size nor time tells'(file, random) {
    const { atime, mtime, size } = await lstat(file);
    if (size === 0) return;
    const at = Math.floor(random() * size);
    await using handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Buffer.of((byte[0] ?? 0) ^ 4), 0, 1, at);
    await handle.close();
    await utimes(file, atime, mtime);
  },
  async 'half of it is missing'(file) {
    await truncate(file, Math.floor((await lstat(file)).size / 2));
  },
  async 'all of it is zeros'(file) {
    const { size } = await lstat(file);
    await truncate(file, 0);
    await truncate(file, size);
  },
  async 'it is empty'(file) {
    await truncate(file, 0);
  },
  async 'it is gone'(file) {
    await rm(file);
  },
  async 'it has another name'(file) {
    await rename(file, `${file}.part`);
  },
};

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

async function build(builder: Builder, repository: PinnedRepository) {
  return builder.build(
    { repository, application: 'app', type: 'service', environment: {} },
    { signal: new AbortController().signal, onOutput: () => {} },
  );
}

async function start({ start: command, directory }: Artifact): Promise<string> {
  if (command.kind !== 'exec') throw new Error('It was to be run by node itself.');
  const { stdout } = await execa(command.file, command.args, { cwd: directory, extendEnv: false });
  return stdout;
}

describe.each(managers)('with %s', (manager) => {
  test('what damaged caches give is right, or an honest failure', async () => {
    const tools = await makeTempFolder();
    await using place = await prepareNodeBuilderPlace(tools);
    await using repository = await createRepository({
      files: lockedApplication(manager, 'version 0', packages),
      tag: 'v0',
    });
    const treeOf = async (artifact: Artifact) => {
      const {
        'built.js': _,
        'source.js': __,
        ...tree
      } = await describeInstalled(artifact.directory);
      return tree;
    };
    const whole = await build(place.open(), await place.pin(repository, 'v0'));
    const expected = await treeOf(whole.artifact);
    const random = createRandom(managers.indexOf(manager) + 1);
    const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

    for (let round = 1; round <= rounds; round++) {
      const tag = `v${round}`;
      await repository.commit({ 'app/source.js': `console.log('${tag}')` }, tag);
      const damaged: string[] = [];
      for (const files of await listCaches(place.directory, tools)) {
        const [file, how] = [oneOf(files), oneOf(Object.keys(damages))];
        await damages[how]?.(file, random);
        damaged.push(`${how}: ${file}`);
      }
      const what = damaged.join('\n');

      // The same again, and another with the same packages, of each the second time without more damage.
      for (const [asked, mayFail] of [
        [`v${round - 1}`, true],
        [`v${round - 1}`, false],
        [tag, true],
        [tag, false],
      ] as const) {
        const pinned = await place.pin(repository, asked);
        const built = await build(place.open(), pinned).catch((error: unknown) => {
          expect(error, what).toBeInstanceOf(Failure);
          expect(
            error instanceof ArtifactDamaged || !mayFail,
            `${what}\n${error}\n${error instanceof Failure ? error.output : ''}`,
          ).toBe(false);
        });
        if (built === undefined) continue;
        expect(await treeOf(built.artifact), what).toEqual(expected);
        expect(await start(built.artifact), what).toMatch(
          asked === 'v0' ? /^version 0/ : new RegExp(`^${asked}$`),
        );
      }
    }
  });
});

/** The files of each cache that has some: artifacts, layers, downloads, tools and sources. */
async function listCaches(place: string, tools: string): Promise<readonly (readonly string[])[]> {
  const ofTools = await listFiles(tools);
  const downloads = ofTools.filter((file) => file.startsWith(join(tools, 'cache/')));
  const caches = [
    await listFiles(join(place, 'builder/artifacts')),
    await listFiles(join(place, 'builder/layers')),
    downloads,
    ofTools.filter((file) => !downloads.includes(file)),
    await listFiles(join(place, 'git')),
  ];
  return caches.filter(({ length }) => length > 0);
}
