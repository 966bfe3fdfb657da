import { once } from 'node:events';
import { symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../../../src/data-plane/connections/connect-to.ts';
import { countOpenFiles } from '../../support/open-files.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** Something that listens at a socket. */
async function listenAt(socketPath: string): Promise<void> {
  const server = createServer((socket) => socket.end('hello'));
  onTestFinished(() => void server.close());
  server.listen(socketPath);
  await once(server, 'listening');
}

const failureOf = async (socket: Socket): Promise<string> => {
  const [error] = await once(socket, 'error');
  return error.code;
};

test('connects to a socket', async () => {
  const socketPath = join(await makeTempFolder(), 'own.sock');
  await listenAt(socketPath);
  const [data] = await once(connectTo({ socketPath }), 'data');
  expect(String(data)).toBe('hello');
});

test('does not follow a link to another', async () => {
  const folder = await makeTempFolder();
  await listenAt(join(folder, 'host.sock'));
  const socketPath = join(folder, 'own.sock');
  await symlink(join(folder, 'host.sock'), socketPath);
  expect(await failureOf(connectTo({ socketPath }))).toBe('ECONNREFUSED');
});

test('says why nobody answers', async () => {
  const folder = await makeTempFolder();
  await writeFile(join(folder, 'file'), '');
  const missing = { socketPath: join(folder, 'missing') };
  const file = { socketPath: join(folder, 'file') };
  expect(await failureOf(connectTo(missing))).toBe('ENOENT');
  expect(await failureOf(connectTo(file))).toBe('ECONNREFUSED');
});

test('a request finds out as late as it would anywhere', async () => {
  const socketPath = join(await makeTempFolder(), 'missing');
  const refused = request({ socketPath, createConnection: () => connectTo({ socketPath }) });
  const closed = new Promise((resolve) => refused.once('close', resolve));
  refused.end();
  const [error] = await once(refused, 'error');
  expect(error.code).toBe('ENOENT');
  await closed;
});

test('leaves no file open', async () => {
  const folder = await makeTempFolder();
  const socketPath = join(folder, 'own.sock');
  await listenAt(socketPath);
  await symlink(socketPath, join(folder, 'link'));
  const before = await countOpenFiles(folder);
  for (let round = 0; round < 20; round += 1) {
    const socket = connectTo({ socketPath });
    socket.resume();
    await Promise.all([
      once(socket, 'close'),
      failureOf(connectTo({ socketPath: join(folder, 'link') })),
    ]);
  }
  expect(await countOpenFiles(folder)).toBe(before);
});
