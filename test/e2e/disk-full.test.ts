import { mkdtemp, open, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector, redeploy, undeploy } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { workFoldersOf } from '../support/leftovers.ts';
import { ask, startRequestLoop } from '../support/request-loop.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const diskMb = 96;
/** What is published waits, so that it can be counted. */
const refusing = `
require('node:http').createServer((incoming, response) => {
  incoming.resume().on('end', () => response.writeHead(500).end());
}).listen(8080);
`;

/** A disk of its own; undefined where this user may mount none. */
async function mountSmallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-disk-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const options = ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder];
  const { failed } = await execa('mount', options, { reject: false });
  if (failed) return undefined;
  onTestFinished(async () => void (await execa('umount', ['-l', folder], { reject: false })));
  return folder;
}

/** Leaves so many bytes free: at 0, until the disk takes no more. */
async function fill(folder: string, leaveBytes: number): Promise<void> {
  await using file = await open(join(folder, 'filler'), 'a');
  const chunk = Buffer.alloc(64 * 1024, 1);
  for (;;) {
    const { bavail, bsize } = await statfs(folder);
    const room = bavail * bsize - leaveBytes;
    if (room <= 0) return;
    try {
      await file.write(chunk.subarray(0, Math.min(chunk.length, room)));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}

test('a full disk stops new work with a clear error and harms nothing that runs', async ({
  skip,
}) => {
  const disk = await mountSmallDisk();
  if (disk === undefined) return skip('This user may mount no disk to fill');
  await using berth = await startBerth({ parent: disk });
  const files = tinyConnector({ web: {}, handler: { type: 'event', server: refusing } });
  await using repository = await createRepository({ files, tag: 'v1' });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const first = await deploy(berth, draftOf(connector));
  const second = await deploy(berth, draftOf(connector));
  expect([first.body.status, second.body.status]).toEqual(['Deployed', 'Deployed']);
  const { url } = applicationOf(first, 'web');
  const { topic } = applicationOf(first, 'handler');
  const planes = [berth.pidOf('control'), berth.pidOf('data')];
  const create = () => berth.request('POST', '/test-project/deployments', draftOf(connector));
  const publish = () =>
    berth.request('POST', `/v1/projects/test-project/topics/${topic}:publish`, {
      messages: [{ data: Buffer.alloc(40_000).toString('base64') }],
    });
  const acknowledged: string[] = [];
  const requests = startRequestLoop(url, { kept: 2, fresh: 1 });

  // Below the floor, which is a tenth of so small a disk.
  await fill(disk, 6 * 1024 ** 2);
  for (const refused of [await create(), await redeploy(berth, first)]) {
    expect([refused.status, refused.body.errors[0].code]).toEqual([507, 'InsufficientStorage']);
    expect(refused.body.message).toMatch(/nearly full.* What runs goes on\.\nMake room/s);
  }
  const taken = await publish();
  expect(taken.status, JSON.stringify(taken.body)).toBe(200);
  acknowledged.push(...taken.body.messageIds);
  expect((await undeploy(berth, second.body.id)).status).toBe(404);

  // Until it takes no more.
  await fill(disk, 0);
  let answer = await publish();
  for (let count = 0; answer.status === 200 && count < 500; count++) {
    acknowledged.push(...answer.body.messageIds);
    answer = await publish();
    if (answer.status === 200) await fill(disk, 0);
  }
  expect([answer.status, answer.body.errors[0].code]).toEqual([507, 'InsufficientStorage']);
  expect(answer.body.message).toMatch(/The disk is full/);
  expect((await create()).status).toBe(507);
  const path = `/test-project/deployments/${first.body.id}`;
  expect((await berth.request('GET', path)).body.status).toBe('Deployed');
  expect((await berth.request('GET', `${path}/logs`)).status).toBe(200);
  const before = requests.answered;
  await expect.poll(() => requests.answered, { timeout: 60_000 }).toBeGreaterThan(before + 500);

  // Room again, and no restart.
  await rm(join(disk, 'filler'));
  const third = await deploy(berth, draftOf(connector));
  expect(third.body.status, JSON.stringify(third.body.details)).toBe('Deployed');
  expect((await ask(applicationOf(third, 'web').url)).status).toBe(200);
  acknowledged.push(...(await publish()).body.messageIds);
  await requests.stop();
  expect(requests.failures).toEqual([]);
  expect([berth.pidOf('control'), berth.pidOf('data')]).toEqual(planes);

  await berth.stop();
  expect(missingMessages(berth, acknowledged)).toEqual([]);
  expect(await workFoldersOf(berth.dataDirectory)).toEqual([]);
  for (const name of await readdir(berth.dataDirectory)) {
    if (!name.endsWith('.db')) continue;
    using database = new DatabaseSync(join(berth.dataDirectory, name));
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  }
});

function applicationOf(deployment: Awaited<ReturnType<typeof deploy>>, name: string) {
  return deployment.body.applications.find(
    ({ applicationName }: { applicationName: string }) => applicationName === name,
  );
}

function missingMessages(berth: Berth, ids: readonly string[]): readonly string[] {
  using database = new DatabaseSync(join(berth.dataDirectory, 'events.db'));
  const kept = new Set(
    database
      .prepare('SELECT id FROM message')
      .all()
      .map(({ id }) => String(id)),
  );
  return ids.filter((id) => !kept.has(id));
}
