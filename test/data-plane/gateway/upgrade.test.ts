import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  addressOf,
  freePort,
  listenAnywhere,
  openSocket,
  processes,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

const handshake = [
  'GET /chat?room=1 HTTP/1.1',
  'Host: service-1.example.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

/** Agrees to the upgrade and sends everything back. */
async function startEcho() {
  const requests: string[] = [];
  const server = createServer();
  server.on('upgrade', (req, socket, head) => {
    requests.push(`${req.method} ${req.url} ${req.headers.host} ${req.headers['x-forwarded-for']}`);
    const accept = createHash('sha1')
      .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.on('error', () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    if (head.length > 0) socket.write(head);
    socket.on('data', (chunk) =>
      `${chunk}` === 'bye' ? socket.end('farewell') : socket.write(chunk),
    );
    socket.on('end', () => socket.end());
  });
  onTestFinished(() => void server.close());
  return { address: addressOf(await listenAnywhere(server)), requests };
}

async function connectedTo(gateway: Awaited<ReturnType<typeof startGateway>>) {
  const socket = await openSocket(gateway.port);
  socket.write(handshake);
  await vi.waitFor(() => expect(socket.received()).toContain('\r\n\r\n'));
  return socket;
}

test('a WebSocket is joined to the application in both directions', async () => {
  const echo = await startEcho();
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([echo.address]))]);
  const socket = await connectedTo(gateway);
  expect(socket.received()).toContain('HTTP/1.1 101 Switching Protocols');
  expect(socket.received()).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(echo.requests).toEqual(['GET /chat?room=1 service-1.example.com 127.0.0.1']);

  socket.write('hello');
  await vi.waitFor(() => expect(socket.received()).toMatch(/hello$/));
  expect(gateway.inFlight('release-1')).toBe(1);

  socket.write('bye');
  await once(socket, 'close');
  expect(socket.received()).toMatch(/farewell$/);
  await gateway.drained('release-1');
  await vi.waitFor(() => expect(gateway.log).toMatchObject([{ status: 101, method: 'GET' }]));
});

test('a client that leaves closes the connection to the application', async () => {
  const echo = await startEcho();
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([echo.address]))]);
  const socket = await connectedTo(gateway);
  socket.destroy();
  await gateway.drained('release-1');
});

test('what was sent right behind the handshake is not lost', async () => {
  const echo = await startEcho();
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([echo.address]))]);
  const socket = await openSocket(gateway.port);
  socket.write(`${handshake}early`);
  await vi.waitFor(() => expect(socket.received()).toMatch(/early$/));
});

test('an application that does not agree answers as usual', async () => {
  const upstream = await startUpstream(
    (_req, res) => void res.writeHead(426).end('no sockets here'),
  );
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const socket = await openSocket(gateway.port);
  socket.write(handshake);
  await once(socket, 'close');
  expect(socket.received()).toMatch(/^HTTP\/1\.1 426 /);
  expect(socket.received()).toContain('no sockets here');
  await gateway.drained('release-1');
});

test('a handshake nobody can answer gets the usual errors', async () => {
  const gateway = await startGateway();
  const answerOf = async (text: string): Promise<string> => {
    const socket = await openSocket(gateway.port);
    socket.write(text);
    await once(socket, 'close');
    return socket.received();
  };
  expect(await answerOf(handshake)).toMatch(/^HTTP\/1\.1 404 /);
  await gateway.applyRoutes([routeTo({ kind: 'unavailable', reason: 'Gone.' })]);
  expect(await answerOf(handshake)).toMatch(/^HTTP\/1\.1 503 /);
  await gateway.applyRoutes([routeTo(processes([addressOf(await freePort())]))]);
  expect(await answerOf(handshake)).toMatch(/^HTTP\/1\.1 502 /);
  expect(gateway.inFlight('release-1')).toBe(0);
});

test('a handshake that is not answered in time is a gateway timeout', async () => {
  const server = createServer();
  server.on('upgrade', (_req, socket) => void onTestFinished(() => void socket.destroy()));
  onTestFinished(() => void server.close());
  const gateway = await startGateway({ limits: { answerMs: 100 } });
  await gateway.applyRoutes([routeTo(processes([addressOf(await listenAnywhere(server))]))]);
  const socket = await openSocket(gateway.port);
  socket.write(handshake);
  await once(socket, 'close');
  expect(socket.received()).toMatch(/^HTTP\/1\.1 504 /);
});

test('an offer of HTTP/2 is ignored, as it may be', async () => {
  const upstream = await startUpstream((req, res) => void res.end(`${req.headers.upgrade}`));
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const socket = await openSocket(gateway.port);
  socket.write(
    'GET / HTTP/1.1\r\nHost: service-1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  );
  await vi.waitFor(() => expect(socket.received()).toContain('undefined'));
  expect(socket.received()).toMatch(/^HTTP\/1\.1 200 /);
});

test('closing the gateway ends its WebSockets', async () => {
  const echo = await startEcho();
  const gateway = await startGateway({ limits: { drainMs: 100 } });
  await gateway.applyRoutes([routeTo(processes([echo.address]))]);
  const socket = await connectedTo(gateway);
  await Promise.all([once(socket, 'close'), gateway[Symbol.asyncDispose]()]);
});
