import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { call, openSocket, processes, routeTo, startGateway, startUpstream } from './support.ts';

async function gatewayWith(limits = {}) {
  const upstream = await startUpstream(
    (req, res) => void req.resume().once('end', () => res.end('ok')),
  );
  const gateway = await startGateway({ limits });
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  return gateway;
}

test('what is no HTTP is answered with 400 and hurts nobody else', async () => {
  const gateway = await gatewayWith();
  for (const nonsense of [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: service-1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: service-1\r\nContent-Length: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: service-1\r\nHost: service-2\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01',
  ]) {
    const socket = await openSocket(gateway.port);
    socket.write(nonsense, 'latin1');
    await vi.waitFor(() => expect(socket.received()).toMatch(/^HTTP\/1\.1 400 /));
  }
  expect((await call({ port: gateway.port })).text).toBe('ok');
});

test('a chunked body that breaks its own rules ends the request', async () => {
  const gateway = await gatewayWith();
  const socket = await openSocket(gateway.port);
  socket.write('POST / HTTP/1.1\r\nHost: service-1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
  await once(socket, 'close');
  await gateway.drained('release-1');
});

test('a head that is too large is answered with 431', async () => {
  const gateway = await gatewayWith({ headBytes: 8_192 });
  const socket = await openSocket(gateway.port);
  socket.write(`GET / HTTP/1.1\r\nHost: service-1\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
  await vi.waitFor(() => expect(socket.received()).toContain('HTTP/1.1 431 '));
  expect(socket.received()).toContain('"code":"RequestHeadersTooLarge"');
});

test('a client that is slow to send its head is let go', async () => {
  const gateway = await gatewayWith({ clientHeadMs: 200 });
  const socket = await openSocket(gateway.port);
  socket.write('GET / HTTP/1.1\r\nHost: serv');
  await vi.waitFor(() => expect(socket.received()).toContain('HTTP/1.1 408 '), { timeout: 60_000 });
});

test('a client that is slow to send its body is let go, and so is the application', async () => {
  const gateway = await gatewayWith({ clientHeadMs: 200, clientRequestMs: 400 });
  const socket = await openSocket(gateway.port);
  socket.write('POST / HTTP/1.1\r\nHost: service-1\r\nContent-Length: 100\r\n\r\nhello');
  await once(socket, 'close');
  expect(socket.received()).toContain('HTTP/1.1 408 ');
  await gateway.drained('release-1');
});
