import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Target } from '../../../src/core/route-table.ts';
import {
  addressOf,
  call,
  freePort,
  listenAnywhere,
  processes,
  readBody,
  routeTo,
  type StartedGateway,
  startGateway,
  startUpstream,
} from './support.ts';

const asleep: Target = { kind: 'process', releaseId: 'release-1', instances: [], sleeps: true };

function startEcho() {
  return startUpstream(async (req, res) => void res.end(`${req.method} ${await readBody(req)}`));
}

async function startAsleep(limits: Parameters<typeof startGateway>[0] = {}) {
  const gateway = await startGateway(limits);
  await gateway.applyRoutes([routeTo(asleep)]);
  return gateway;
}

const isAwaited = (gateway: StartedGateway, times = 1) =>
  expect.poll(() => gateway.awaited).toHaveLength(times);

test.for(['GET', 'POST'])(
  'a %s to what sleeps wakes it, waits, and is answered',
  async (method) => {
    const gateway = await startAsleep();
    const body = method === 'POST' ? { body: 'hello' } : {};
    const answer = call({ port: gateway.port, method, ...body });
    await isAwaited(gateway);
    const { address } = await startEcho();
    await gateway.applyRoutes([routeTo(processes([address]))]);
    expect((await answer).text).toBe(method === 'POST' ? 'POST hello' : 'GET ');
  },
);

test('tables that change nothing for it leave it waiting, and whoever serves by now is woken', async () => {
  const gateway = await startAsleep();
  const answer = call({ port: gateway.port });
  await isAwaited(gateway);
  await gateway.applyRoutes([routeTo({ ...asleep, releaseId: 'release-2' })]);
  expect(gateway.awaited).toEqual(['release-1', 'release-2']);
  const { address } = await startEcho();
  await gateway.applyRoutes([routeTo(processes([address]))]);
  expect((await answer).status).toBe(200);
});

test('what is deployed no more is waited for no more', async () => {
  const gateway = await startAsleep();
  const answer = call({ port: gateway.port });
  await isAwaited(gateway);
  await gateway.applyRoutes([]);
  expect((await answer).status).toBe(503);
  expect((await answer).json().message).toContain('It is not deployed any more.');
});

test('what does not start in time is a gateway timeout', async () => {
  const gateway = await startAsleep({ limits: { startMs: 100 } });
  const answer = await call({ port: gateway.port });
  expect(answer.status).toBe(504);
  expect(answer.json().message).toBe(
    'Application hello of deployment deployment-1 did not start in time.',
  );
});

test('what cannot start says so to everybody who waits', async () => {
  const gateway = await startAsleep();
  const answers = [call({ port: gateway.port }), call({ port: gateway.port, method: 'POST' })];
  await isAwaited(gateway, 2);
  await gateway.applyRoutes([routeTo({ kind: 'unavailable', reason: 'It ends again and again.' })]);
  for (const { status, json } of await Promise.all(answers)) {
    expect(status).toBe(503);
    expect(json().message).toContain('It ends again and again.');
  }
});

test('only so many wait', async () => {
  const gateway = await startAsleep({ limits: { waitingPerApplication: 2 } });
  const waiting = [call({ port: gateway.port }), call({ port: gateway.port })];
  await isAwaited(gateway, 2);
  const refused = await call({ port: gateway.port });
  expect(refused.status).toBe(503);
  expect(refused.json().message).toContain('Too many requests wait for it to start.');
  const { address } = await startEcho();
  await gateway.applyRoutes([routeTo(processes([address]))]);
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
});

test('a client that leaves gives its place to another', async () => {
  const gateway = await startAsleep({ limits: { waitingPerApplication: 1 } });
  const client = connect({ host: '127.0.0.1', port: gateway.port });
  client.on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nHost: service-1.localhost\r\n\r\n');
  await isAwaited(gateway);
  client.destroy();
  await expect.poll(() => gateway.log.map(({ status }) => status)).toEqual([499]);
  const answer = call({ port: gateway.port });
  await isAwaited(gateway, 2);
  const { address } = await startEcho();
  await gateway.applyRoutes([routeTo(processes([address]))]);
  expect((await answer).status).toBe(200);
});

test('a WebSocket waits as well', async () => {
  const gateway = await startAsleep();
  const bare = createServer((socket) => {
    socket.once('data', () =>
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
    );
  });
  onTestFinished(() => void bare.close());
  const client = connect({ host: '127.0.0.1', port: gateway.port });
  onTestFinished(() => void client.destroy());
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  client.write(`GET / HTTP/1.1\r\nHost: service-1.localhost\r\n${upgrade}\r\n`);
  await isAwaited(gateway);
  await gateway.applyRoutes([routeTo(processes([addressOf(await listenAnywhere(bare))]))]);
  const text = (await client.setEncoding('utf8').toArray()).join('');
  expect(text).toContain('101 Switching Protocols');
});

test('a WebSocket whose client leaves gives its place to another', async () => {
  const gateway = await startAsleep({ limits: { waitingPerApplication: 1 } });
  const client = connect({ host: '127.0.0.1', port: gateway.port });
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  client.write(`GET / HTTP/1.1\r\nHost: service-1.localhost\r\n${upgrade}\r\n`);
  await isAwaited(gateway);
  client.end();
  await expect.poll(() => gateway.log.map(({ status }) => status)).toEqual([499]);
  const answer = call({ port: gateway.port });
  await isAwaited(gateway, 2);
  const { address } = await startEcho();
  await gateway.applyRoutes([routeTo(processes([address]))]);
  expect((await answer).status).toBe(200);
});

test('what its only instance refuses waits for the next one', async () => {
  const gateway = await startGateway({ limits: { refusedMs: 60_000 } });
  const ended = addressOf(await freePort());
  await gateway.applyRoutes([routeTo(processes([ended]))]);
  const answer = call({ port: gateway.port, method: 'POST', body: 'hello' });
  await expect.poll(() => gateway.inFlight('release-1')).toBe(0);
  await gateway.applyRoutes([routeTo(processes([]))]);
  await isAwaited(gateway);
  const { address } = await startEcho();
  await gateway.applyRoutes([routeTo(processes([address]))]);
  expect((await answer).text).toBe('POST hello');
});

test('closing answers who waits', async () => {
  const gateway = await startAsleep();
  const answer = call({ port: gateway.port });
  await isAwaited(gateway);
  await gateway[Symbol.asyncDispose]();
  expect((await answer).status).toBe(503);
  expect((await answer).json().message).toContain('Berth is being stopped.');
});
