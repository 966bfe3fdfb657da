import { once } from 'node:events';
import { rename, rm, symlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  createOpenedSockets,
  type OpenedSockets,
} from '../../../src/data-plane/connections/opened-sockets.ts';
import { countOpenFiles } from '../../support/open-files.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

async function listenAt(socketPath: string, says: string): Promise<void> {
  const server = createServer((socket) => socket.end(says));
  onTestFinished(() => void server.close());
  server.listen(socketPath);
  await once(server, 'listening');
}

async function folderWithSocket(): Promise<{ folder: string; socketPath: string }> {
  const folder = await makeTempFolder();
  const socketPath = join(folder, 'own.sock');
  await listenAt(socketPath, 'first');
  return { folder, socketPath };
}

function openSockets(): OpenedSockets {
  const sockets = createOpenedSockets();
  onTestFinished(() => sockets[Symbol.dispose]());
  return sockets;
}

const answerOf = async (socket: Socket): Promise<string> => {
  const [data] = await once(socket, 'data');
  return String(data);
};
const failureOf = async (socket: Socket): Promise<string> => {
  const [error] = await once(socket, 'error');
  return error.code;
};

test('a socket is opened once, and let go when it is not to be kept', async () => {
  const { folder, socketPath } = await folderWithSocket();
  const sockets = openSockets();
  const before = await countOpenFiles(folder);
  sockets.keep([{ socketPath }, { host: '127.0.0.1', port: 1 }]);
  for (let round = 0; round < 3; round += 1) {
    expect(await answerOf(sockets.connectTo({ socketPath }))).toBe('first');
    expect(await countOpenFiles(folder)).toBe(before + 1);
  }
  sockets.keep([{ socketPath }]);
  expect(await countOpenFiles(folder)).toBe(before + 1);
  sockets.keep([]);
  expect(await countOpenFiles(folder)).toBe(before);
  expect(await answerOf(sockets.connectTo({ socketPath }))).toBe('first');
  expect(await countOpenFiles(folder)).toBe(before);
});

test('another socket in its place is found', async () => {
  const { folder, socketPath } = await folderWithSocket();
  const sockets = openSockets();
  const before = await countOpenFiles(folder);
  sockets.keep([{ socketPath }]);
  await answerOf(sockets.connectTo({ socketPath }));
  await listenAt(join(folder, 'other.sock'), 'second');
  await rename(join(folder, 'other.sock'), socketPath);
  expect(await answerOf(sockets.connectTo({ socketPath }))).toBe('second');
  await rm(socketPath);
  expect(await failureOf(sockets.connectTo({ socketPath }))).toBe('ENOENT');
  expect(await countOpenFiles(folder)).toBe(before);
  await listenAt(socketPath, 'third');
  expect(await answerOf(sockets.connectTo({ socketPath }))).toBe('third');
});

test('a link that takes its place is not followed', async () => {
  const { folder, socketPath } = await folderWithSocket();
  const sockets = openSockets();
  sockets.keep([{ socketPath }]);
  await answerOf(sockets.connectTo({ socketPath }));
  await listenAt(join(folder, 'host.sock'), 'host');
  await rm(socketPath);
  await symlink(join(folder, 'host.sock'), socketPath);
  expect(await failureOf(sockets.connectTo({ socketPath }))).toBe('ECONNREFUSED');
});
