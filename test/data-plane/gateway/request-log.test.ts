import { expect, test, vi } from 'vitest';
import {
  call,
  openSocket,
  processes,
  readBody,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

async function gatewayTo(answer: Parameters<typeof startUpstream>[0], options = {}) {
  const upstream = await startUpstream(answer);
  const gateway = await startGateway(options);
  const route = routeTo(processes([upstream.address]));
  await gateway.applyRoutes([route]);
  return { gateway, route };
}

test('each request leaves an entry with what a person asks about it', async () => {
  const { gateway, route } = await gatewayTo(async (req, res) => {
    await readBody(req);
    res.writeHead(201).end('x'.repeat(1_000));
  });
  await call({
    port: gateway.port,
    method: 'POST',
    path: '/orders?id=1',
    headers: {
      host: 'service-1.example.com',
      'user-agent': 'Probe/1',
      'x-forwarded-proto': 'https',
    },
    body: 'y'.repeat(2_000),
  });
  await vi.waitFor(() => expect(gateway.log).toHaveLength(1));
  const [entry] = gateway.log;
  expect(entry).toMatchObject({
    route,
    method: 'POST',
    url: 'https://service-1.example.com/orders?id=1',
    status: 201,
    userAgent: 'Probe/1',
    remoteIp: '127.0.0.1',
    protocol: 'HTTP/1.1',
  });
  expect(entry?.requestSize).toBeGreaterThan(2_000);
  expect(entry?.requestSize).toBeLessThan(2_500);
  expect(entry?.responseSize).toBeGreaterThan(1_000);
  expect(entry?.responseSize).toBeLessThan(1_500);
  expect(entry?.latencyMs).toBeGreaterThan(0);
  expect(Math.abs(Date.now() - (entry?.timestamp ?? 0))).toBeLessThan(10_000);
});

test('sizes are those of one request on a connection that carries many', async () => {
  const { gateway } = await gatewayTo((_req, res) => void res.end('x'.repeat(1_000)));
  const socket = await openSocket(gateway.port);
  for (let count = 1; count <= 3; count++) {
    socket.write('GET / HTTP/1.1\r\nHost: service-1\r\n\r\n');
    await vi.waitFor(() => expect(gateway.log).toHaveLength(count));
  }
  for (const { requestSize, responseSize } of gateway.log) {
    expect(requestSize).toBe('GET / HTTP/1.1\r\nHost: service-1\r\n\r\n'.length);
    expect(responseSize).toBeGreaterThan(1_000);
    expect(responseSize).toBeLessThan(1_500);
  }
});

test('a client behind a front on the same machine is known by its own address', async () => {
  const { gateway } = await gatewayTo((_req, res) => void res.end());
  await call({ port: gateway.port, headers: { 'x-forwarded-for': '192.0.2.1, 203.0.113.9' } });
  await vi.waitFor(() => expect(gateway.log).toMatchObject([{ remoteIp: '203.0.113.9' }]));
});

test('errors of the gateway leave an entry too, and a client that left is 499', async () => {
  const { gateway, route } = await gatewayTo(() => undefined);
  const socket = await openSocket(gateway.port);
  socket.write('GET / HTTP/1.1\r\nHost: service-1\r\n\r\n');
  await expect.poll(() => gateway.inFlight('release-1')).toBe(1);
  socket.destroy();
  await vi.waitFor(() => expect(gateway.log).toMatchObject([{ status: 499 }]));
  await gateway.applyRoutes([{ ...route, target: { kind: 'unavailable', reason: 'Gone.' } }]);
  await call({ port: gateway.port });
  await vi.waitFor(() => expect(gateway.log).toMatchObject([{ status: 499 }, { status: 503 }]));
});

test('a log that fails does not break the request', async () => {
  const failures: object[] = [];
  const note = (details: object): void => void failures.push(details);
  const { gateway } = await gatewayTo((_req, res) => void res.end('fine'), {
    onRequest: () => {
      throw new Error('disk full');
    },
    logger: { info: note, warn: note, error: note },
  });
  expect((await call({ port: gateway.port })).text).toBe('fine');
  await vi.waitFor(() => expect(failures).toHaveLength(1));
});
