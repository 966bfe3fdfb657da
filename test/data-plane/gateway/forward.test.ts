import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test, vi } from 'vitest';
import {
  call,
  openCall,
  openSocket,
  processes,
  readBody,
  routeTo,
  startGateway,
  startUpstream,
} from './support.ts';

const twentyMegabytes = 20 * 1024 * 1024;

async function gatewayTo(answer: Parameters<typeof startUpstream>[0]) {
  const upstream = await startUpstream(answer);
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  return { upstream, gateway };
}

function digest(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

test('method, path, query and body reach the application unchanged', async () => {
  const { gateway } = await gatewayTo(async (req, res) => {
    res.end(JSON.stringify({ method: req.method, url: req.url, body: `${await readBody(req)}` }));
  });
  const path = '/a//b/%2e%2E/c%2Fd/;x=1?q=%C3%A4&empty=&q=2';
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'REPORT', 'PROPFIND']) {
    const answer = await call({ port: gateway.port, method, path, body: 'hello' });
    expect(JSON.parse(answer.text)).toEqual({ method, url: path, body: 'hello' });
  }
  const got = await call({ port: gateway.port, path });
  expect(JSON.parse(got.text)).toEqual({ method: 'GET', url: path, body: '' });
});

test('a request without a body reaches the application without one', async () => {
  const { gateway } = await gatewayTo((req, res) => {
    res.end(JSON.stringify([req.headers['content-length'], req.headers['transfer-encoding']]));
  });
  const deleted = await call({ port: gateway.port, method: 'DELETE' });
  expect(JSON.parse(deleted.text)).toEqual([null, null]);
  const posted = await call({
    port: gateway.port,
    method: 'POST',
    headers: { 'content-length': '0' },
  });
  expect(JSON.parse(posted.text)).toEqual(['0', null]);
});

test('20 MB go up and down byte for byte, with and without a known length', async () => {
  const { gateway } = await gatewayTo((req, res) => void req.pipe(res));
  const data = randomBytes(twentyMegabytes);
  for (const headers of [
    { 'content-length': `${data.length}` },
    { 'transfer-encoding': 'chunked' },
  ]) {
    const answer = await call({
      port: gateway.port,
      method: 'POST',
      headers: headers as Record<string, string>,
      body: data,
    });
    expect(digest(answer.body)).toBe(digest(data));
  }
});

test('an application that does not read is not sent more than buffers hold', async () => {
  const { gateway } = await gatewayTo((req) => void req.pause());
  const outgoing = request({
    port: gateway.port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { host: 'service-1.x', 'content-length': 10 * twentyMegabytes },
  });
  outgoing.on('error', () => undefined);
  let accepted = 0;
  const chunk = Buffer.alloc(1024 * 1024);
  for (let full = false; !full; ) {
    full = await new Promise<boolean>((resolve) => {
      const stuck = setTimeout(() => resolve(true), 500);
      outgoing.write(chunk, () => {
        clearTimeout(stuck);
        accepted += chunk.length;
        resolve(false);
      });
    });
  }
  outgoing.destroy();
  expect(accepted).toBeLessThan(2 * twentyMegabytes);
});

test('a client that does not read holds the application back', async () => {
  let written = 0;
  const { gateway } = await gatewayTo(async (_req, res) => {
    const chunk = Buffer.alloc(1024 * 1024);
    for (let piece = 0; piece < 200 && !res.destroyed; piece++) {
      written += chunk.length;
      if (!res.write(chunk)) await once(res, 'drain');
    }
    res.end();
  });
  const response = await openCall({ port: gateway.port });
  response.pause();
  let before = -1;
  await vi.waitFor(
    () => {
      const still = written === before;
      before = written;
      if (!still) throw new Error('still writing');
    },
    { timeout: 60_000, interval: 300 },
  );
  expect(written).toBeLessThan(2 * twentyMegabytes);
  let received = 0;
  for await (const chunk of response) received += chunk.length;
  expect(received).toBe(200 * 1024 * 1024);
});

test('events arrive one by one, and the head before the first of them', async () => {
  let emit: (text: string) => void = () => undefined;
  const { gateway } = await gatewayTo((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    emit = (text) => void res.write(`data: ${text}\n\n`);
  });
  const response = await openCall({ port: gateway.port });
  expect(response.headers['content-type']).toBe('text/event-stream');
  for (const text of ['one', 'two', 'three']) {
    emit(text);
    const [chunk] = await once(response, 'data');
    expect(`${chunk}`).toBe(`data: ${text}\n\n`);
  }
  response.destroy();
});

test('a client that leaves while it waits ends the request at the application', async () => {
  const gone = Promise.withResolvers<void>();
  const { gateway } = await gatewayTo((_req, res) => void res.once('close', gone.resolve));
  const outgoing = request({
    port: gateway.port,
    host: '127.0.0.1',
    headers: { host: 'service-1.x' },
  });
  outgoing.on('error', () => undefined).end();
  await vi.waitFor(() => expect(gateway.inFlight('release-1')).toBe(1));
  outgoing.destroy();
  await gone.promise;
  await gateway.drained('release-1');
});

test('a client that leaves in the middle of its upload ends the request at the application', async () => {
  const gone = Promise.withResolvers<void>();
  const { gateway } = await gatewayTo((req) => void req.resume().once('close', gone.resolve));
  const outgoing = request({
    port: gateway.port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { host: 'service-1.x', 'content-length': 1_000_000 },
  });
  outgoing.on('error', () => undefined).write(Buffer.alloc(500_000));
  await vi.waitFor(() => expect(gateway.inFlight('release-1')).toBe(1));
  outgoing.destroy();
  await gone.promise;
  await gateway.drained('release-1');
});

test('an answer that breaks off is broken off for the client', async () => {
  const { gateway } = await gatewayTo((_req, res) => {
    res.writeHead(200, { 'content-length': '1000' });
    res.write('a piece', () => res.destroy());
  });
  await expect(call({ port: gateway.port })).rejects.toThrow('aborted');
});

test('an application may answer before it has read the body', async () => {
  const { gateway } = await gatewayTo((_req, res) => {
    res.writeHead(413).end('too much');
  });
  const answer = await call({ port: gateway.port, method: 'POST', body: Buffer.alloc(300_000) });
  expect([answer.status, answer.text]).toEqual([413, 'too much']);
});

test('Expect: 100-continue is answered, and the body goes through', async () => {
  const { gateway } = await gatewayTo(async (req, res) => {
    const { expect: expectation } = req.headers;
    res.end(JSON.stringify({ expectation, size: (await readBody(req)).length }));
  });
  const outgoing = request({
    port: gateway.port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { host: 'service-1.x', expect: '100-continue', 'content-length': 2_000_000 },
  });
  outgoing.flushHeaders();
  await once(outgoing, 'continue');
  outgoing.end(Buffer.alloc(2_000_000));
  const [response] = await once(outgoing, 'response');
  expect(JSON.parse(`${await readBody(response)}`)).toEqual({ size: 2_000_000 });
});

test('headers of one connection end at the gateway, all others pass', async () => {
  const { gateway } = await gatewayTo((req, res) => {
    res.writeHead(200, 'Fine', [
      ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Own', 'yes'],
      ...['Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=1'],
    ]);
    res.end(JSON.stringify(req.rawHeaders));
  });
  const socket = await openSocket(gateway.port);
  socket.write(
    'GET / HTTP/1.1\r\nHost: service-1.Example.com:8443\r\nX-Repeated: 1\r\nX-Repeated: 2\r\n' +
      'Connection: keep-alive, X-Secret-Hop\r\nX-Secret-Hop: 1\r\nKeep-Alive: timeout=9\r\nTE: trailers\r\n' +
      'Proxy-Authorization: Basic x\r\nAuthorization: Bearer t\r\nX-Forwarded-For: 203.0.113.9\r\n' +
      'X-Forwarded-Proto: https\r\n\r\n',
  );
  await vi.waitFor(() => expect(socket.received()).toMatch(/\]$|\]\r\n/));
  const [head = '', body = ''] = socket.received().split('\r\n\r\n');
  expect(head).toContain('HTTP/1.1 200 Fine');
  expect(head).toContain('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Own: yes');
  expect(head).not.toContain('X-Hop');
  expect(head).not.toContain('timeout=1\r\n');
  const received: string[] = JSON.parse(/\[.*\]/.exec(body)?.[0] ?? '');
  const named = (name: string): string[] =>
    received.filter((_, at) => received[at - 1]?.toLowerCase() === name && at % 2 === 1);
  expect(named('host')).toEqual(['service-1.Example.com:8443']);
  expect(named('x-repeated')).toEqual(['1', '2']);
  expect(named('authorization')).toEqual(['Bearer t']);
  expect(named('x-forwarded-for')).toEqual(['203.0.113.9, 127.0.0.1']);
  expect(named('x-forwarded-proto')).toEqual(['https']);
  expect(named('x-forwarded-host')).toEqual(['service-1.Example.com:8443']);
  for (const gone of ['x-secret-hop', 'keep-alive', 'te', 'proxy-authorization']) {
    expect(named(gone)).toEqual([]);
  }
});

test('a correlation id is passed on and answered, or made', async () => {
  const { gateway } = await gatewayTo((req, res) => void res.end(req.headers['x-correlation-id']));
  const given = await call({ port: gateway.port, headers: { 'x-correlation-id': 'cli-42' } });
  expect([given.text, given.headers['x-correlation-id']]).toEqual(['cli-42', 'cli-42']);
  const made = await call({ port: gateway.port });
  expect(made.text).toMatch(/^[0-9a-f-]{36}$/);
  expect(made.headers['x-correlation-id']).toBe(made.text);
});

test('HEAD, 204 and 304 have no body, and the connection stays in step', async () => {
  const { gateway } = await gatewayTo((req, res) => {
    if (req.url === '/204') res.writeHead(204).end();
    else if (req.url === '/304') res.writeHead(304, { etag: '"1"' }).end();
    else res.writeHead(200, { 'content-length': '5' }).end(req.method === 'HEAD' ? '' : 'hello');
  });
  const socket = await openSocket(gateway.port);
  const host = 'Host: service-1.x\r\n';
  socket.write(`HEAD / HTTP/1.1\r\n${host}\r\nGET /204 HTTP/1.1\r\n${host}\r\n`);
  socket.write(
    `GET /304 HTTP/1.1\r\n${host}\r\nGET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
  );
  await once(socket, 'close');
  const statuses = [...socket.received().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses).toEqual(['200', '204', '304', '200']);
  expect(socket.received()).toMatch(/Content-Length: 5/i);
  expect(socket.received().endsWith('hello')).toBe(true);
});

test('trailers are passed on', async () => {
  const { gateway } = await gatewayTo((_req, res) => {
    res.writeHead(200, { trailer: 'x-checksum' });
    res.write('data');
    res.addTrailers({ 'x-checksum': 'abc' });
    res.end();
  });
  const answer = await call({ port: gateway.port });
  expect([answer.text, answer.trailers]).toEqual(['data', { 'x-checksum': 'abc' }]);
});

test('early hints do not disturb the answer', async () => {
  const { gateway } = await gatewayTo((_req, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.writeProcessing();
    res.end('answer');
  });
  expect((await call({ port: gateway.port })).text).toBe('answer');
});

test('a hundred requests at once share the instances evenly', async () => {
  const counts = [0, 0, 0];
  const upstreams = await Promise.all(
    counts.map((_, at) =>
      startUpstream((_req, res) => {
        counts[at] = (counts[at] ?? 0) + 1;
        setImmediate(() => res.end());
      }),
    ),
  );
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes(upstreams.map(({ address }) => address)))]);
  await Promise.all(Array.from({ length: 99 }, () => call({ port: gateway.port })));
  for (const count of counts) expect(count).toBeGreaterThan(15);
});

test('a body that waits for a 100 behind another request is asked for at its turn', async () => {
  const { gateway, answerFirst } = await gatewayToTwo((req, res) => {
    req.resume().once('end', () => res.end(Buffer.alloc(9_000, 'b')));
  });
  const client = await openSocket(gateway.port);
  client.write(`${getFirst}${expectContinue}`);
  await expect.poll(() => gateway.inFlight('release-1')).toBe(2);
  answerFirst();
  await expect.poll(() => client.received()).toMatch(/\r\n\r\naHTTP\/1.1 100 Continue\r\n\r\n$/);
  client.write('x');
  await expect
    .poll(() => client.received())
    .toMatch(/Continue\r\n\r\nHTTP\/1.1 200 OK\r\n(?:[^\r]+\r\n)+\r\nb{9000}$/);
});

test('no 100 comes into an answer that was there before its turn', async () => {
  const { gateway, answerFirst } = await gatewayToTwo((_req, res) => {
    res.end(Buffer.alloc(9_000, 'b'));
  });
  const client = await openSocket(gateway.port);
  client.write(`${getFirst}${expectContinue}x`);
  await expect.poll(() => gateway.inFlight('release-1')).toBe(1);
  answerFirst();
  await expect
    .poll(() => client.received())
    .toMatch(/\r\n\r\naHTTP\/1.1 200 OK\r\n(?:[^\r]+\r\n)+\r\nb{9000}$/);
});

const getFirst = 'GET /first HTTP/1.1\r\nHost: service-1\r\n\r\n';
const expectContinue =
  'POST / HTTP/1.1\r\nHost: service-1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n';

/** To an application that answers the first request when it is told to. */
async function gatewayToTwo(answer: Parameters<typeof startUpstream>[0]) {
  const first = Promise.withResolvers<void>();
  const { gateway } = await gatewayTo((req, res) => {
    if (req.url === '/first') void first.promise.then(() => res.end('a'));
    else answer(req, res);
  });
  return { gateway, answerFirst: () => first.resolve() };
}
