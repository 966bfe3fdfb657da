import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { awaitListening } from '../../../src/data-plane/instances/await-listening.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const waiting = () => ({ signal: new AbortController().signal, timeoutMs: 20_000 });

async function listenAt(socketPath: string): Promise<void> {
  const server = createServer((socket) => void socket.end());
  onTestFinished(() => void server.close());
  server.listen(socketPath);
  await once(server, 'listening');
}

test('a socket is found in a folder that is made later', async () => {
  const folder = join(await makeTempFolder(), 'later');
  const up = awaitListening({ socketPath: join(folder, 'socket') }, undefined, waiting());
  await mkdir(folder);
  await listenAt(join(folder, 'socket'));
  expect(await up).toBe(true);
});

test('a socket is found however often something else came and went in its folder', async () => {
  const folder = await makeTempFolder();
  const up = awaitListening({ socketPath: join(folder, 'socket') }, undefined, waiting());
  for (let count = 0; count < 200; count += 1) {
    await writeFile(join(folder, 'other'), '');
    await rm(join(folder, 'other'));
  }
  await listenAt(join(folder, 'socket'));
  expect(await up).toBe(true);
});

test('what is there and refuses is not waited for longer than what is not', async () => {
  const socketPath = join(await makeTempFolder(), 'socket');
  await writeFile(socketPath, '');
  expect(await awaitListening({ socketPath }, undefined, { ...waiting(), timeoutMs: 60 })).toBe(
    false,
  );
});
