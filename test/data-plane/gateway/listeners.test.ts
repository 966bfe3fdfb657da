import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createListeners } from '../../../src/data-plane/gateway/listeners.ts';
import { freePort } from './support.ts';

/** More than the system takes for a client that reads nothing. */
const answer = Buffer.alloc(32 * 1024 * 1024, 'x');

test('a client that takes its answer slowly gets all of it, also when the gateway closes', async () => {
  const ended = Promise.withResolvers<void>();
  const listeners = createListeners('127.0.0.1', () => createServer());
  const server = createServer(({ url }, res) => {
    res.end(url === '/large' ? answer : 'small');
    if (url === '/large') ended.resolve();
  });
  const port = await listeners.open(server, '127.0.0.1', 0);
  const slow = ask(port, '/large');
  const idle = ask(port, '/small');
  await Promise.all([ended.promise, once(idle, 'readable')]);
  const closed = listeners.close(60_000);
  expect(await text(idle)).toMatch(/small$/);
  const received = await text(slow);
  expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(answer.length);
  await closed;
});

test('a port that is given up answers nobody any more once its clients have their answers', async () => {
  const ended = Promise.withResolvers<void>();
  const listeners = createListeners('127.0.0.1', () =>
    createServer({ keepAliveTimeout: 600_000 }, (_req, res) => {
      res.end(answer);
      ended.resolve();
    }),
  );
  const port = await freePort();
  expect(await listeners.keep([port])).toEqual([{ port, state: 'bound' }]);
  const slow = ask(port, '/');
  await ended.promise;
  await listeners.keep([]);
  const received = await text(slow);
  expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(answer.length);
  await listeners.close(60_000);
});

/** Reads nothing by itself, and would go on to use its connection. */
function ask(port: number, path: string): Socket {
  const client = connect(port, '127.0.0.1');
  client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return client;
}
