import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, settle } from '../support/deploy.ts';
import { createRepository, type TestFiles } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** From the request of a client to the report; each trick alone is the business of the source's own tests. */
describe('a hostile repository', () => {
  let berth: Berth;
  let folder: string;
  let touch: string;
  const outside = () => join(folder, 'outside');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-hostile-'));
    await mkdir(outside());
    await writeFile(join(outside(), 'canary'), 'canary');
    touch = `touch ${join(outside(), 'executed')}`;
    berth = await startBerth({ parent: folder, environment: { BERTH_SANDBOX: 'auto' } });
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function requireHarmless(): Promise<void> {
    expect(await readdir(outside())).toEqual(['canary']);
    expect(await readFile(join(outside(), 'canary'), 'utf8')).toBe('canary');
    expect((await readdir(folder)).filter((name) => !name.startsWith('berth-data-'))).toEqual([
      'outside',
    ]);
    const { dataDirectory } = berth;
    await expect.poll(() => workProcessesOf(dataDirectory), { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => workFoldersOf(dataDirectory)).toEqual([]);
  }

  /** What the client is told: the refusal of the request, or the report. */
  function told(answer: Answer): string {
    if (answer.status >= 400) return JSON.stringify(answer.body.errors);
    return answer.body.previewableReport.entries
      .filter(({ type }: { type: string }) => type === 'Error')
      .map(({ title, message }: { title: string; message: string }) => `${title}: ${message}`)
      .join('\n');
  }

  const urls: readonly (readonly [string, (touch: string) => string, RegExp])[] = [
    ['that is a remote helper', (run) => `ext::sh -c "${run}"`, /URL|repository/],
    ['that is an option of git', (run) => `--upload-pack=${run}`, /URL|repository/],
    [
      'that is an option of ssh',
      (run) => `ssh://-oProxyCommand=${encodeURIComponent(run)}/a.git`,
      /URL|repository/,
    ],
    ['of another protocol', () => 'ftp://example.com/a.git', /URL|repository/],
    ['of an address of the cloud', () => 'http://169.254.169.254/a.git', /URL|repository/],
  ];
  test.for(urls)('with a URL %s is refused', async ([, url, says]) => {
    const answer = await previewConnector(berth, { url: url(touch), tag: 'v1' });
    expect(answer.body.isPreviewable ?? 'refused').not.toBe('true');
    expect(told(answer)).toMatch(says);
    await requireHarmless();
  });

  test.for(['--upload-pack=x', '-x', 'a..b', '$(id)'])(
    'with the tag %s is refused',
    async (tag) => {
      await using repository = await createRepository({ files: tinyConnector({ app: {} }) });
      const answer = await previewConnector(berth, { url: repository.url, tag });
      expect(answer.body.isPreviewable ?? 'refused').not.toBe('true');
      expect(told(answer)).toMatch(/tag/i);
      await requireHarmless();
    },
  );

  const trees: Readonly<Record<string, { files: (outside: string) => TestFiles; says: RegExp }>> = {
    'a symlink out of it': {
      files: (to) => ({ 'app/leak': { symlink: to } }),
      says: /app\/leak.* may lie outside/s,
    },
    'a symlink to a folder above it': {
      files: () => ({ 'app/leak': { symlink: '../../../../../../../../etc' } }),
      says: /app\/leak.* may lie outside/s,
    },
    'its specification behind a symlink': {
      files: (to) => ({ 'connect.yaml': { symlink: join(to, 'canary') } }),
      says: /symlink|connect\.yaml/,
    },
  };
  test.for(Object.entries(trees))('with %s is refused', async ([, { files, says }]) => {
    const good = tinyConnector({ app: {} });
    await using repository = await createRepository({ files: good, tag: 'good' });
    await repository.commit({ ...good, ...files(outside()) }, 'hostile');
    const refused = await previewConnector(berth, { url: repository.url, tag: 'hostile' });
    expect(refused.status).toBe(400);
    expect(told(refused)).toMatch(says);

    // The tag is moved once the draft is accepted.
    const created = await berth.request('POST', '/connectors/drafts', {
      name: 'Turns hostile',
      creator: { email: 'somebody@example.com' },
      repository: { url: repository.url, tag: 'good' },
    });
    const path = `/connectors/drafts/${created.body.id}`;
    await repository.tag('good', { at: 'hostile' });
    await berth.request('POST', path, {
      version: created.body.version,
      actions: [{ action: 'updatePreviewable' }],
    });
    const answer = await settle(
      () => berth.request('GET', path),
      ({ body }) => body.isPreviewable !== 'pending',
    );
    expect(answer.body.isPreviewable, JSON.stringify(answer.body)).toBe('false');
    expect(told(answer)).toMatch(says);
    await requireHarmless();
  });

  test('that names programs in hooks, filters and submodules runs none of them, and is told so', async () => {
    await using repository = await createRepository({
      files: {
        ...tinyConnector({ app: {} }),
        '.gitattributes': '* filter=evil\n',
        '.gitconfig': `[filter "evil"]\n\tsmudge = ${touch}\n[core]\n\tfsmonitor = ${touch}\n`,
        '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "${touch}"\n\tupdate = !${touch}\n`,
        'hooks/post-checkout': { text: `#!/bin/sh\n${touch}\n`, mode: 0o755 },
      },
      tag: 'v1',
    });
    await repository.git('config', 'uploadpack.packObjectsHook', touch);
    await repository.git('config', 'core.fsmonitor', touch);
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    expect(connector.body.isPreviewable, JSON.stringify(connector.body)).toBe('true');
    expect(await readdir(outside())).toEqual(['canary']);
    const deployed = await deploy(berth, draftOf(connector));
    expect(deployed.body.status, JSON.stringify(deployed.body)).toBe('Deployed');
    expect(JSON.stringify(connector.body)).toContain('none of them was fetched');
    await berth.request('DELETE', `/${berth.projectKey}/deployments/${deployed.body.id}`);
    await requireHarmless();
  });

  test('whose build and start write and link out of it reaches nothing', async () => {
    const program = `
const fs = require('node:fs');
const tries = [
  () => fs.writeFileSync(${JSON.stringify(join(folder, 'outside', 'executed'))}, 'x'),
  () => fs.symlinkSync(${JSON.stringify(join(folder, 'outside'))}, 'link'),
  () => fs.writeFileSync('link/executed', 'x'),
  () => fs.writeFileSync('../../../../executed', 'x'),
  () => fs.rmSync(${JSON.stringify(join(folder, 'outside', 'canary'))}),
];
for (const attempt of tries) try { attempt(); } catch (error) { console.log(error.message); }
`;
    await using repository = await createRepository({
      files: tinyConnector({
        app: {
          packageScripts: { build: 'node escape.cjs' },
          files: { 'escape.cjs': program },
        },
      }),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    expect(['true', 'false']).toContain(connector.body.isPreviewable);
    await requireHarmless();
  });
});
