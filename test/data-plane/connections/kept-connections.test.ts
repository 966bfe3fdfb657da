import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LocalAddress } from '../../../src/core/local-address.ts';
import { afterNextPoll } from '../../../src/data-plane/connections/http/after-poll.ts';
import {
  type KeptConnections,
  openKeptConnections,
} from '../../../src/data-plane/connections/kept-connections.ts';
import { postMessage } from '../../../src/data-plane/push/post-message.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** Answers at once, but what asks for `/held` when it is told to. */
async function startServer(at: { readonly path?: string } = {}) {
  const held: ServerResponse[] = [];
  let connections = 0;
  const server = createServer((incoming, response) => {
    if (incoming.url === '/held') held.push(response);
    else response.end();
  });
  server.on('connection', () => connections++);
  server.listen(at.path ?? { port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address: LocalAddress =
    at.path === undefined
      ? { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
      : { socketPath: at.path };
  return { address, held, connections: () => connections };
}

/** Announces an answer for ever. */
async function startFlood(): Promise<LocalAddress> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    const flood = (): void => {
      while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'));
    };
    socket.on('drain', flood).once('data', flood);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function open(): KeptConnections {
  const connections = openKeptConnections({ waiting: 4, answerMs: 60_000 });
  onTestFinished(() => connections[Symbol.dispose]());
  return connections;
}

async function ask(connections: KeptConnections, address: LocalAddress, path = '/'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connections.take(address).send(
    { method: 'GET', path, headers: ['Host', 'localhost'], body: null },
    {
      onStart: () => true,
      onHead() {},
      onBody() {},
      onEnd: () => resolve(),
      onFailure: reject,
    },
  );
  await promise;
  await new Promise<void>((rested) => afterNextPoll(rested));
}

const waiting = (connections: KeptConnections) => connections.waiting;

test.skipIf(process.platform !== 'linux')(
  'a request takes the connection of the one before, to a port and to a socket',
  async () => {
    const path = join(await makeTempFolder(), 'instance.socket');
    for (const server of [await startServer(), await startServer({ path })]) {
      const connections = open();
      connections.keep([server.address]);
      for (let number = 0; number < 5; number++) await ask(connections, server.address);
      expect(server.connections()).toBe(1);
    }
  },
);

test('what is no longer kept is closed: now where it waits, else after its answer', async () => {
  const [one, other] = [await startServer(), await startServer()];
  const connections = open();
  connections.keep([one.address, other.address]);
  const held = ask(connections, one.address, '/held');
  await ask(connections, one.address);
  await ask(connections, other.address);
  expect(waiting(connections)).toBe(2);

  connections.keep([other.address]);
  await expect.poll(() => waiting(connections)).toBe(1);
  await expect.poll(() => one.held).toHaveLength(1);
  one.held[0]?.end();
  await held;
  await ask(connections, other.address);
  expect(waiting(connections)).toBe(1);
  expect([one.connections(), other.connections()]).toEqual([2, 1]);
});

test('only so many wait for each', async () => {
  const server = await startServer();
  const connections = open();
  connections.keep([server.address]);
  const all = Array.from({ length: 10 }, () => ask(connections, server.address, '/held'));
  await expect.poll(() => server.held).toHaveLength(10);
  for (const response of server.held) response.end();
  await Promise.all(all);
  expect(waiting(connections)).toBe(4);
});

test('what is under way when all are let go of fails, and is not sent again', async () => {
  const server = await startServer();
  const connections = open();
  connections.keep([server.address]);
  await ask(connections, server.address);
  const held = postMessage({ connections, address: server.address, endpoint: '/held', body: '{}' });
  await expect.poll(() => server.held).toHaveLength(1);
  connections[Symbol.dispose]();
  expect(await held).toEqual({ error: 'Berth has let go of the connection.' });
  expect(server.connections()).toBe(1);
});

test('what sends interim answers without end has not answered', async () => {
  const address = await startFlood();
  const message = { connections: open(), address, endpoint: '', body: '{}' };
  expect(await postMessage(message)).toEqual({ error: 'It sent more than 100 interim answers.' });
});
