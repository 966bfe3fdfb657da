import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { StoreUnavailable } from '../../../src/core/store-failure.ts';
import { explainAway } from '../../../src/drivers/store/postgres/errors.ts';
import { openPostgresStore } from '../../../src/drivers/store/postgres/open-postgres-store.ts';

const open = (url: string) => openPostgresStore({ url });

/** The URL of something that listens, and does that with whoever comes. */
async function listen(on: Parameters<typeof createServer>[1] & object): Promise<string> {
  const server = createServer(on).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return `postgres://berth@127.0.0.1:${address.port}/berth`;
}

test('where nobody listens the server is away', async () => {
  await expect(open('postgres://berth@127.0.0.1:1/berth')).rejects.toBeInstanceOf(StoreUnavailable);
});

test('where a connection is cut before it is one the server is away', async () => {
  const url = await listen((socket) => socket.destroy());
  await expect(open(url)).rejects.toBeInstanceOf(StoreUnavailable);
});

test('where nobody answers within the time limit the server is away', async () => {
  const url = await listen((socket) => onTestFinished(() => void socket.destroy()));
  await expect(open(url)).rejects.toBeInstanceOf(StoreUnavailable);
});

test('a server without TLS is told apart from one that is away, where TLS is asked for', async () => {
  const url = await listen((socket) =>
    socket.on('data', () => socket.end('N')).on('error', () => {}),
  );
  const failure = await open(`${url}?sslmode=verify-full`).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).not.toBeInstanceOf(StoreUnavailable);
  expect((failure as Failure).message).toContain('no trusted connection');
});

test.for([
  new TypeError('x is not a function'),
  Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' }),
  new Error('Query values must be an array'),
  new Failure('Something else'),
  'no error at all',
])('a bug is no outage: %s', (error) => {
  expect(explainAway(error)).toBe(error);
});
