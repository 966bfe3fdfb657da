import { expect, test } from 'vitest';
import { startBerth } from '../support/berth.ts';
import { settle } from '../support/deploy.ts';
import { makeGate } from '../support/gate.ts';
import { createRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

test('a build waits for its turn and its report says so, though the control plane dies meanwhile', async () => {
  await using berth = await startBerth({ environment: { BERTH_BUILDS: '1' } });
  const gate = makeGate(await makeTempFolder(), 'build');
  const application = {
    packageScripts: { build: 'node build.cjs' },
    files: { 'build.cjs': gate.program('') },
  };
  await using repository = await createRepository({
    files: tinyConnector({ one: application, two: application }),
    tag: 'v1',
  });
  const created = await berth.request('POST', '/connectors/drafts', {
    name: 'Two builds',
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${created.body.id}`;
  await berth.request('POST', path, {
    version: created.body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  const read = () => berth.request('GET', path);
  const titles = async () => {
    const { body } = await read().catch(() => ({ body: {} }));
    const entries: readonly { title: string }[] = body.previewableReport?.entries ?? [];
    return entries.map(({ title }) => title);
  };
  const arrivals = async () => (await gate.arrivals()).length;

  await expect.poll(titles, { timeout: 60_000 }).toContain('Waiting for other builds');
  await expect.poll(arrivals, { timeout: 60_000 }).toBe(1);
  expect((await titles()).filter((title) => title === 'Building application')).toHaveLength(1);

  await berth.kill('control');
  // The dead one's turn is free at once: nobody waits until its lease has run out.
  await expect.poll(arrivals, { timeout: 60_000 }).toBe(2);
  await expect.poll(titles, { timeout: 60_000 }).toContain('Waiting for other builds');
  expect(await arrivals()).toBe(2);

  await gate.open();
  const settled = await settle(read, ({ body }) => body.isPreviewable !== 'pending');
  expect(settled.body.isPreviewable, JSON.stringify(settled.body)).toBe('true');
  expect(await arrivals()).toBe(3);
});
