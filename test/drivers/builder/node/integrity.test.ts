import {
  appendFile,
  chmod,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ArtifactDamaged } from '../../../../src/core/failure.ts';
import type { NodeBuilderOptions } from '../../../../src/drivers/builder/node/driver.ts';
import type { Artifact } from '../../../../src/ports/builder.ts';
import { prepareNodeBuilderPlace } from '../../../support/builder-place.ts';
import { createRepository, type TestFiles } from '../../../support/git-repository.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const files: TestFiles = {
  'app/package.json': JSON.stringify({ name: 'app', scripts: { start: 'node index.js' } }),
  'app/index.js': `console.log('hello');\n`,
  'app/data/notes.txt': 'notes\n',
  'app/link': { symlink: 'index.js' },
};

/** One application built by one process of Berth, and asked for by another. */
async function build(more: Partial<NodeBuilderOptions> = {}, given = files) {
  const cleanup = new AsyncDisposableStack();
  const place = cleanup.use(await prepareNodeBuilderPlace(await makeTempFolder(), more));
  const repository = cleanup.use(await createRepository({ files: given, tag: 'v1' }));
  const pinned = await place.pin(repository, 'v1');
  const again = () =>
    place.open().build(
      {
        repository: pinned,
        application: 'app',
        type: 'service',
        environment: { SITE: 'canary' },
      },
      { signal: new AbortController().signal, onOutput: () => {} },
    );
  const { artifact } = await again().catch(async (error: unknown) => {
    await cleanup.disposeAsync();
    throw error;
  });
  return {
    artifact,
    again,
    place,
    folder: dirname(dirname(artifact.directory)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** As bits rot on a disk: neither size nor time of the file tell. */
async function flipByte(path: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  const content = await readFile(path);
  content[3] = (content[3] ?? 0) ^ 1;
  await writeFile(path, content);
  await utimes(path, atime, mtime);
}

const file = (artifact: Artifact, path: string) => join(artifact.directory, path);

const damages: readonly (readonly [string, string, (artifact: Artifact) => Promise<void>])[] = [
  ['a flipped byte', 'content of app/index.js', (of) => flipByte(file(of, 'index.js'))],
  ['a longer file', 'content of app/index.js', (of) => appendFile(file(of, 'index.js'), '\n')],
  ['a missing file', 'app/data/notes.txt is missing', (of) => rm(file(of, 'data/notes.txt'))],
  ['another mode', 'mode of app/index.js', (of) => chmod(file(of, 'index.js'), 0o755)],
  [
    'a link that leads elsewhere',
    'content of app/link',
    async (of) => {
      await rm(file(of, 'link'));
      await symlink('data/notes.txt', file(of, 'link'));
    },
  ],
  [
    'a file in place of a link',
    'mode of app/link',
    async (of) => {
      await rm(file(of, 'link'));
      await writeFile(file(of, 'link'), '');
    },
  ],
  [
    'code that was not there',
    'app/planted.js was not there',
    (of) => writeFile(file(of, 'planted.js'), ''),
  ],
  [
    'a changed list of files',
    'files.jsonl',
    (of) => flipByte(join(of.directory, '../../files.jsonl')),
  ],
  [
    'a changed provenance',
    'provenance.json',
    (of) => flipByte(join(of.directory, '../../provenance.json')),
  ],
];

describe.each(damages)('%s', (_name, named, damage) => {
  test('is refused at a start, and the next build mends it', async () => {
    await using built = await build();
    await damage(built.artifact);
    const dataPlane = built.place.open();
    const refused = dataPlane.findIntact(built.artifact.key);
    await expect(refused).rejects.toBeInstanceOf(ArtifactDamaged);
    await expect(refused).rejects.toThrow(named);
    expect(await dataPlane.find(built.artifact.key)).toBeUndefined();
    expect(await built.again()).toMatchObject({
      reused: false,
      artifact: { key: built.artifact.key },
    });
    expect(await dataPlane.findIntact(built.artifact.key)).toEqual(built.artifact);
    expect(await readFile(file(built.artifact, 'index.js'), 'utf8')).toBe(
      `console.log('hello');\n`,
    );
  });
});

test('a damaged artifact is used by no build and by no script', async () => {
  await using built = await build();
  await flipByte(file(built.artifact, 'index.js'));
  const { reused, notes } = await built.again();
  expect(reused).toBe(false);
  expect(notes.join()).toContain('content of app/index.js');
  await flipByte(file(built.artifact, 'index.js'));
  const workspace = built.place.open().openWorkspace(built.artifact.key);
  await expect(workspace).rejects.toThrow('content of app/index.js');
});

test.each(['truncated', 'flipped', 'emptied'])('a record that is %s is never used', async (how) => {
  await using built = await build();
  const record = join(built.folder, 'artifact.json');
  const text = await readFile(record, 'utf8');
  if (how === 'truncated') await writeFile(record, text.slice(0, -20));
  if (how === 'flipped') await writeFile(record, text.replace('"index.js"', '"other.js"'));
  if (how === 'emptied') await writeFile(record, '');
  expect(await built.place.open().find(built.artifact.key)).toBeUndefined();
  expect((await built.again()).reused).toBe(false);
  expect(await built.place.open().findIntact(built.artifact.key)).toEqual(built.artifact);
});

test('what an application leaves beside its code is no damage', async () => {
  await using built = await build();
  await writeFile(file(built.artifact, 'today.log'), 'a line');
  expect(await built.place.open().findIntact(built.artifact.key)).toEqual(built.artifact);
});

test('later starts notice what changed since the first', async () => {
  await using built = await build();
  const builder = built.place.open();
  expect(await builder.findIntact(built.artifact.key)).toEqual(built.artifact);
  await writeFile(file(built.artifact, 'index.js'), `console.log('HELLO');\n`);
  await expect(builder.findIntact(built.artifact.key)).rejects.toThrow('app/index.js');
});

test('artifacts that nobody can use are pruned, unless something of them may run', async () => {
  await using built = await build();
  await flipByte(file(built.artifact, 'index.js'));
  const builder = built.place.open();
  await expect(builder.findIntact(built.artifact.key)).rejects.toThrow();
  const { key } = built.artifact;
  const rule = { maxBytes: 1024 ** 3, usedSince: Number.POSITIVE_INFINITY };
  await builder.prune({ ...rule, pinned: new Set([key]) });
  expect(await stat(built.folder)).toBeDefined();
  await builder.prune({ ...rule, pinned: new Set() });
  await expect(stat(built.folder)).rejects.toThrow('ENOENT');
});

test('its provenance says where it comes from, and no values of variables', async () => {
  await using built = await build();
  const text = await readFile(join(built.folder, 'provenance.json'), 'utf8');
  const { commit, key } = built.artifact;
  expect(JSON.parse(text)).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: { application: 'app', tag: 'v1', variables: ['SITE'] },
        internalParameters: { key },
        resolvedDependencies: expect.arrayContaining([
          expect.objectContaining({ digest: { gitCommit: commit } }),
          expect.objectContaining({ name: 'node', digest: { sha256: expect.any(String) } }),
          expect.objectContaining({ name: 'npm', digest: { sha256: expect.any(String) } }),
        ]),
      },
      runDetails: { metadata: { invocationId: key } },
    },
  });
  expect(text).not.toContain('canary');
});

test('a build that leaves too much fails and says so', async () => {
  await expect(build({ bounds: { maxFiles: 3 } })).rejects.toMatchObject({
    name: 'BuildFailure',
    message: expect.stringContaining('at most 3 are kept'),
  });
  await expect(build({ bounds: { maxBytes: 60 } })).rejects.toMatchObject({
    nextStep: expect.stringContaining('app/package.json'),
  });
});

test('a build that leaves a pipe fails and says so', async () => {
  const scripts = { build: 'mkfifo pipe', start: 'node index.js' };
  const piped = { ...files, 'app/package.json': JSON.stringify({ name: 'app', scripts }) };
  await expect(build({}, piped)).rejects.toMatchObject({
    message: expect.stringContaining('app/pipe'),
  });
});
