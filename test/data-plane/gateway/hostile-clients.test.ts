import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type BareConnection,
  type BareUpstream,
  exchange,
  readRefusal,
  startBareUpstream,
  startHostileWorld,
  whileOthersAnswer,
} from './bare-upstream.ts';
import { call, openSocket, processes, routeTo, startGateway, startUpstream } from './support.ts';

const host = 'Host: service-1\r\n';
const smuggled = `GET /smuggled HTTP/1.1\r\n${host}\r\n`;

const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

function post(headers: string, body: string): string {
  return `POST / HTTP/1.1\r\n${host}${headers}\r\n\r\n${body}`;
}

function get(headers: string, target = '/', version = 'HTTP/1.1'): string {
  return `GET ${target} ${version}\r\n${headers}\r\n`;
}

const chunked = (body: string): string => post('Transfer-Encoding: chunked', body);

describe('is refused before the application sees a byte of it', () => {
  test.for([
    [
      400,
      'a length and chunks',
      post('Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`),
    ],
    [
      400,
      'chunks and a length',
      post('Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${smuggled}`),
    ],
    [400, 'two lengths', post('Content-Length: 0\r\nContent-Length: 44', smuggled)],
    [400, 'the same length twice', post('Content-Length: 3\r\nContent-Length: 3', 'abc')],
    [400, 'a list of lengths', post('Content-Length: 3, 3', 'abc')],
    [400, 'a length with a sign', post('Content-Length: +3', 'abc')],
    [400, 'a negative length', post('Content-Length: -3', 'abc')],
    [400, 'a hexadecimal length', post('Content-Length: 0x3', 'abc')],
    [400, 'an empty length', post('Content-Length: ', 'abc')],
    [400, 'a length beyond 64 bits', post('Content-Length: 18446744073709551619', 'abc')],
    [
      400,
      'chunked twice',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    ],
    [400, 'chunked, chunked', post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n')],
    [400, 'xchunked', post('Transfer-Encoding: xchunked', `0\r\n\r\n${smuggled}`)],
    [
      400,
      'chunked, identity',
      post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${smuggled}`),
    ],
    [400, 'identity', post('Transfer-Encoding: identity', smuggled)],
    [400, 'identity and a length', post('Transfer-Encoding: identity\r\nContent-Length: 3', 'abc')],
    [400, 'gzip, chunked', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')],
    [400, 'chunked with a parameter', post('Transfer-Encoding: chunked;a=b', '0\r\n\r\n')],
    [400, 'chunked in quotes', post('Transfer-Encoding: "chunked"', '0\r\n\r\n')],
    [400, 'chunked behind a vertical tab', post('Transfer-Encoding: \x0bchunked', '0\r\n\r\n')],
    [400, 'an empty coding and a length', post('Transfer-Encoding: \r\nContent-Length: 3', 'abc')],
    [
      400,
      'a space before the colon of a coding',
      post('Transfer-Encoding : chunked\r\nContent-Length: 4', '0\r\n\r\n'),
    ],
    [
      400,
      'chunks in HTTP/1.0',
      `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [400, 'a folded header', get(`${host}X-A: b\r\n c\r\n`)],
    [400, 'a folded coding', post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n')],
    [400, 'a first header that begins with a space', get(` X-A: b\r\n${host}`)],
    [400, 'line feeds alone', 'GET / HTTP/1.1\nHost: service-1\n\n'],
    [400, 'one line feed alone', get('Host: service-1\nX-A: b\r\n')],
    [400, 'a line feed alone at the end of the head', `GET / HTTP/1.1\r\n${host}\n`],
    [400, 'a carriage return alone in a value', get(`${host}X-A: b\rX-B: c\r\n`)],
    [400, 'two carriage returns', get(`${host}X-A: b\r\r\n`)],
    [400, 'NUL in a value', get(`${host}X-A: b\0c\r\n`)],
    [400, 'NUL in a name', get(`${host}X\0A: b\r\n`)],
    [400, 'NUL in the path', get(host, '/\0')],
    [400, 'a control character in a value', get(`${host}X-A: b\x01\r\n`)],
    [400, 'a space before a colon', get('Host : service-1\r\n')],
    [400, 'a header without a name', get(`${host}: x\r\n`)],
    [400, 'a header without a colon', get(`${host}garbage\r\n`)],
    [400, 'two hosts', get(`${host}Host: neighbour\r\n`)],
    [400, 'two hosts, another first', get(`Host: neighbour\r\n${host}`)],
    [400, 'the same host twice', get(host + host)],
    [400, 'two hosts in HTTP/1.0', get(`${host}Host: neighbour\r\n`, '/', 'HTTP/1.0')],
    [
      400,
      'two hosts and a handshake',
      get(`${host}Host: neighbour\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`),
    ],
    [400, 'no host', get('')],
    [400, 'a target of another host', get(host, 'http://neighbour/')],
    [400, 'a target with a user', get(host, 'http://user@service-1/')],
    [400, 'a target of another scheme', get(host, 'ftp://service-1/')],
    [400, 'a target that is no path', get(host, '*')],
    [400, 'a target without a slash', get(host, 'path')],
    [400, 'a space in the target', get(host, '/a b')],
    [400, 'an unknown method', `FOO / HTTP/1.1\r\n${host}\r\n`],
    [400, 'an endless method', 'A'.repeat(100_000)],
    [
      400,
      'the beginning of TLS',
      `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\x11'.repeat(300)}`,
    ],
    [400, 'the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [404, 'a list of hosts', get('Host: service-1, neighbour\r\nConnection: close\r\n')],
    [404, 'a host with a path', get('Host: service-1/neighbour\r\nConnection: close\r\n')],
    [404, 'an empty host', get('Host: \r\nConnection: close\r\n')],
    [404, 'no host in HTTP/1.0', get('', '/', 'HTTP/1.0')],
    [405, 'CONNECT', `CONNECT service-1:443 HTTP/1.1\r\n${host}\r\n`],
    [417, 'an unknown expectation', post('Expect: miracle\r\nContent-Length: 3', 'abc')],
    [431, 'an endless target', get(host, `/${'a'.repeat(100_000)}`)],
    [431, '10,000 headers', get(host + 'a:\r\n'.repeat(10_000))],
    [
      431,
      '1,000 headers before the one that counts',
      post(`${'a:\r\n'.repeat(1_000)}Content-Length: 3`, 'abc'),
    ],
    [505, 'HTTP/2.0', get(host, '/', 'HTTP/2.0')],
    [505, 'HTTP/0.9', get(host, '/', 'HTTP/0.9')],
  ] as const)('%i: %s', async ([status, , bytes]) => {
    const { gateway, upstream } = await startHostileWorld();
    const text = await whileOthersAnswer(gateway, () => exchange(gateway, bytes, isRefused));
    expect(readRefusal(text).status).toBe(status);
    expect(upstream.received()).toBe('');
  });
});

async function allEnd({ connections }: BareUpstream): Promise<void> {
  await expect.poll(() => connections.every(({ socket }) => socket.destroyed)).toBe(true);
}

/** Answers that say nothing of the connection's end are over with their body. */
function isRefused(text: string): boolean {
  return text.includes('Connection: keep-alive') && text.endsWith('}');
}

describe('ends the request at the application, which never gets all of it', () => {
  test.for([
    ['a chunk without a size', chunked('zz\r\n')],
    ['a chunk with an empty size', chunked('\r\nabc\r\n0\r\n\r\n')],
    ['a chunk of a negative size', chunked('-3\r\nabc\r\n0\r\n\r\n')],
    ['a chunk size with a prefix', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
    ['a chunk size with a space', chunked('3 \r\nabc\r\n0\r\n\r\n')],
    ['a chunk size beyond 64 bits', chunked('fffffffffffffffff\r\nabc\r\n0\r\n\r\n')],
    ['a chunk size before a line feed alone', chunked('3\nabc\r\n0\r\n\r\n')],
    ['a chunk size before a carriage return alone', chunked('3\rabc\r\n0\r\n\r\n')],
    ['a chunk that is longer than it says', chunked('3\r\nabcXX0\r\n\r\n')],
    ['a chunk before a line feed alone', chunked('3\r\nabc\n0\r\n\r\n')],
    ['a last chunk before line feeds alone', chunked('3\r\nabc\r\n0\n\n')],
    ['a chunk extension with a line feed alone', chunked(`3;a\nabc\r\n0\r\n\r\n${smuggled}`)],
    ['an endless chunk extension', chunked(`3;${'a'.repeat(100_000)}`)],
    ['a trailer that is a length', chunked(`0\r\nContent-Length: 9\r\n\r\n${smuggled}`)],
    ['a trailer that is a coding', chunked(`0\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`)],
    ['endless trailers', chunked(`3\r\nabc\r\n0\r\n${'x-a: 1\r\n'.repeat(10_000)}`)],
  ])('%s', async ([, bytes = '']) => {
    const { gateway, upstream, log } = await startHostileWorld({ take: () => undefined });
    const text = await whileOthersAnswer(gateway, () => exchange(gateway, bytes));
    expect([400, 431]).toContain(readRefusal(text).status);
    await gateway.drained('release-1');
    expect(upstream.received()).not.toContain('smuggled');
    expect(upstream.received()).not.toContain('0\r\n\r\n');
    await allEnd(upstream);
    expect(log()).toHaveLength(1);
  });
});

describe('reaches the application as one request, in one form', () => {
  const forwarded =
    'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: service-1\r\nX-Correlation-ID: c\r\n';
  const passed = (method: string, headers = '', body = '', path = '/'): string =>
    `${method} ${path} HTTP/1.1\r\n${host}${forwarded}${headers}Connection: keep-alive\r\n\r\n${body}`;
  const id = 'X-Correlation-ID: c\r\n';

  test.for([
    [
      'a length with zeros',
      post(`${id}Content-Length: 003`, 'abc'),
      passed('POST', 'Content-Length: 3\r\n', 'abc'),
    ],
    [
      'a coding in other letters',
      post(`${id}Transfer-Encoding: ChunKed`, '3\r\nabc\r\n0\r\n\r\n'),
      passed('POST', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ],
    [
      'a chunk extension',
      post(`${id}Transfer-Encoding: chunked`, '3;a=b\r\nabc\r\n0\r\n\r\n'),
      passed('POST', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ],
    [
      'trailers, which end here',
      post(
        `${id}Transfer-Encoding: chunked`,
        '3\r\nabc\r\n0\r\nHost: neighbour\r\nAuthorization: b\r\n\r\n',
      ),
      passed('POST', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'),
    ],
    ['empty lines before it', `\r\n\r\n${get(host + id)}`, passed('GET')],
    [
      'a target with its host',
      get(host + id, 'http://SERVICE-1/x?y'),
      passed('GET', '', '', '/x?y'),
    ],
    [
      'HTTP/1.0 that keeps its connection',
      get(`${host + id}Connection: keep-alive\r\n`, '/', 'HTTP/1.0'),
      passed('GET'),
    ],
    ['TRACE', `TRACE / HTTP/1.1\r\n${host + id}\r\n`, passed('TRACE')],
    [
      'an upgrade to what nobody knows',
      get(`${host + id}Connection: Upgrade\r\nUpgrade: foo/1\r\n`),
      passed('GET'),
    ],
    [
      'a handshake with a body',
      post(
        `${id}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${smuggled.length}`,
        smuggled,
      ),
      passed('POST', `Content-Length: ${smuggled.length}\r\n`, smuggled),
    ],
    [
      'a Connection that names what is the gateway’s',
      get(`${host + id}Connection: close, X-Forwarded-For, X-Correlation-ID, Host\r\n`),
      passed('GET'),
    ],
  ])('%s', async ([, bytes = '', expected]) => {
    const { gateway, upstream } = await startHostileWorld();
    const text = await whileOthersAnswer(gateway, () =>
      exchange(gateway, bytes, (so) => so.endsWith('\r\n\r\nok')),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await expect.poll(() => upstream.received()).toBe(expected);
    expect(upstream.connections).toHaveLength(1);
  });
});

test('requests in one piece are told apart, and each is answered in its turn', async () => {
  const urls: string[] = [];
  const upstream = await startUpstream((req, res) => {
    urls.push(`${req.method} ${req.url}`);
    res.end(`answer to ${req.url}`);
  });
  const gateway = await startGateway();
  await gateway.applyRoutes([routeTo(processes([upstream.address]))]);
  const bytes = `POST /one HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}${get(host, '/two')}${get(`${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n`, '/three')}`;
  const text = await exchange(gateway, bytes);
  expect(urls).toEqual(['POST /one', 'GET /two']);
  const parts = text.split(/(?=HTTP\/1\.1 )/);
  expect(parts.map((part) => part.slice(9, 12))).toEqual(['200', '200', '400']);
  expect(parts.slice(0, 2).map((part) => part.split('\r\n\r\n')[1])).toEqual([
    'answer to /one',
    'answer to /two',
  ]);
});

test.for([
  [
    'CONNECT',
    'an unknown host',
    get('Host: nobody\r\n'),
    'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  ],
  ['CONNECT', 'an application', get(host), 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
  ['a WebSocket', 'an unknown host', get('Host: nobody\r\n'), get(`${host}${handshake}`)],
  ['a WebSocket', 'an application', get(host), get(`${host}${handshake}`)],
])(
  '%s behind a request for %s that is not answered yet costs that connection, and no other',
  async ([, , first = '', second = '']) => {
    const { gateway } = await startHostileWorld();
    const isOver = (text: string) => text.split('HTTP/1.1 ').length > 2;
    await whileOthersAnswer(gateway, () => exchange(gateway, first + second, isOver));
    expect(await exchange(gateway, get(host), (text) => text.endsWith('ok'))).toContain(' 200 OK');
  },
);

test('all requests before a CONNECT are over with their connection', async () => {
  const { gateway, upstream, log } = await startHostileWorld({ take: () => undefined });
  const bytes = `${get(host, '/one')}${get(host, '/two')}CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`;
  expect(await whileOthersAnswer(gateway, () => exchange(gateway, bytes))).toBe('');
  await gateway.drained('release-1');
  await allEnd(upstream);
  await expect
    .poll(() =>
      log()
        .map(({ url }) => url)
        .toSorted(),
    )
    .toEqual(['http://service-1/one', 'http://service-1/two']);
});

test('whoever sends without end behind a refused request that waits for its turn is cut off', async () => {
  const { gateway, upstream } = await startHostileWorld({ take: () => undefined });
  const bytes = `${get(host, '/slow')}${get(`${host}Host: neighbour\r\n`)}${smuggled.repeat(200)}`;
  expect(await whileOthersAnswer(gateway, () => exchange(gateway, bytes))).toBe('');
  await gateway.drained('release-1');
  expect(upstream.received()).not.toContain('smuggled');
});

test.for([
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
  ['a handshake for nobody', get(`Host: nobody\r\n${handshake}`)],
])('the connection of %s is closed, whatever its client does with it', async ([, bytes = '']) => {
  const gateway = await startGateway();
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(bytes);
  socket.resume();
  await once(socket, 'end');
  const drip = setInterval(() => socket.write('x'), 20);
  await expect.poll(() => socket.closed).toBe(true);
  clearInterval(drip);
});

test('what is wrong behind a request is said behind its answer', async () => {
  const held: BareConnection[] = [];
  const { gateway } = await startHostileWorld({ take: (connection) => void held.push(connection) });
  const bytes = `${get(host, '/late')}${chunked('zz\r\n')}`;
  const answer = exchange(gateway, bytes);
  await expect.poll(() => held.find((one) => one.received().includes('/late'))).toBeDefined();
  held
    .find((one) => one.received().includes('/late'))
    ?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  expect((await answer).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
});

test('nothing that follows a refused request is carried', async () => {
  const { gateway, upstream } = await startHostileWorld();
  const text = await exchange(gateway, `${get(`${host}Host: neighbour\r\n`)}${smuggled}`);
  expect(text.split('HTTP/1.1 ')).toHaveLength(2);
  expect(readRefusal(text).status).toBe(400);
  expect(upstream.received()).toBe('');
});

test('what is refused has its entry in the log of the application it was sent to', async () => {
  const { gateway } = await startHostileWorld();
  await exchange(gateway, get(`${host}Host: neighbour\r\n`, '/twice'));
  await exchange(gateway, get(host, 'http://neighbour/other'));
  await vi.waitFor(
    () =>
      expect(gateway.log).toMatchObject([
        { status: 400, url: 'http://service-1/twice', route: { applicationName: 'hello' } },
        { status: 400, url: 'http://service-1/other', route: { applicationName: 'hello' } },
      ]),
    { timeout: 60_000 },
  );
});

describe('Expect: 100-continue', () => {
  const expecting = (name: string): string =>
    `POST / HTTP/1.1\r\nHost: ${name}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;

  test('nobody is asked for a body that nobody takes', async () => {
    const gateway = await startGateway();
    await gateway.applyRoutes([routeTo({ kind: 'unavailable', reason: 'Gone.' })]);
    expect(await exchange(gateway, expecting('nobody'))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await exchange(gateway, expecting('service-1'))).toMatch(/^HTTP\/1\.1 503 /);
  });

  test('whoever never sends the body is let go, and so is the application', async () => {
    const limits = { clientHeadMs: 200, clientRequestMs: 400 };
    const { gateway } = await startHostileWorld({ limits, take: () => undefined });
    const text = await whileOthersAnswer(gateway, () => exchange(gateway, expecting('service-1')));
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 408 /);
    await gateway.drained('release-1');
  });
});

describe('connections', () => {
  test('that send their heads byte by byte are all let go', async () => {
    const { gateway } = await startHostileWorld({ limits: { clientHeadMs: 300 } });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => openSocket(gateway.port)));
    const head = `GET / HTTP/1.1\r\n${host}X-Slow: ${'x'.repeat(10_000)}`;
    let at = 0;
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write(head[at] ?? 'x');
      at += 1;
    }, 20);
    await whileOthersAnswer(gateway, async () => {
      await expect.poll(() => sockets.every(({ closed }) => closed)).toBe(true);
    });
    clearInterval(drip);
    for (const socket of sockets) expect(socket.received()).toContain('HTTP/1.1 408 ');
  });

  test('beyond the bound are closed, applications with a port of their own go on, and places come back', async () => {
    const limits = { connectionsPerListener: 8 };
    const { address } = await startBareUpstream();
    const neighbour = await startUpstream((_req, res) => void res.end('as ever'));
    const gateway = await startGateway({ limits });
    const own = await startGateway({ limits });
    await own[Symbol.asyncDispose]();
    await gateway.applyRoutes([
      routeTo(processes([address])),
      routeTo(processes([neighbour.address], 'release-2'), {
        hostLabel: 'neighbour',
        port: own.port,
      }),
    ]);
    const sockets = await Promise.all(Array.from({ length: 40 }, () => openSocket(gateway.port)));
    const open = () => sockets.filter(({ closed }) => !closed);
    await whileOthersAnswer(own, async () => {
      await expect.poll(() => open()).toHaveLength(8);
    });
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect((await call({ port: gateway.port })).text).toBe('ok'), {
      timeout: 60_000,
    });
  });

  test('that are half closed are of clients that have left', async () => {
    const { gateway, upstream, log } = await startHostileWorld({ take: () => undefined });
    const socket = await openSocket(gateway.port);
    socket.end(get(host));
    await once(socket, 'close');
    await gateway.drained('release-1');
    await allEnd(upstream);
    expect(log()).toMatchObject([{ status: 499 }]);
  });

  test('that are half closed in the middle of a body end the request', async () => {
    const { gateway } = await startHostileWorld({ take: () => undefined });
    const socket = await openSocket(gateway.port);
    socket.end(post('Content-Length: 1073741824', 'abc'));
    await once(socket, 'close');
    await gateway.drained('release-1');
  });

  test('that close early on a gigabyte end the request', async () => {
    const { gateway, upstream } = await startHostileWorld({ take: () => undefined });
    const socket = await openSocket(gateway.port);
    socket.write(post('Content-Length: 1073741824', 'x'.repeat(1_000_000)));
    await expect.poll(() => upstream.received().length).toBeGreaterThan(500_000);
    socket.destroy();
    await gateway.drained('release-1');
    await expect.poll(() => upstream.connections[0]?.socket.destroyed).toBe(true);
  });

  test('that take nothing of a huge answer are cut off, and little of it is held meanwhile', async () => {
    const piece = Buffer.alloc(1024 * 1024);
    const { gateway, upstream } = await startHostileWorld({
      limits: { clientIdleMs: 1_500 },
      take: ({ socket }) => {
        const go = (): void => {
          while (!socket.destroyed && socket.write(piece));
        };
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.on('drain', go);
        go();
      },
    });
    const socket = await openSocket(gateway.port);
    socket.pause();
    socket.write(get(host));
    await whileOthersAnswer(gateway, () => gateway.drained('release-1'));
    // Nearly all of it is in the system's own buffers.
    expect(upstream.connections[0]?.socket.bytesWritten).toBeLessThan(40 * 1024 * 1024);
    await expect.poll(() => upstream.connections[0]?.socket.destroyed).toBe(true);
  });
});

test('what follows an agreed handshake is the application’s, and no request', async () => {
  const { gateway, upstream } = await startHostileWorld({
    take: ({ socket }) =>
      void socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
  });
  const socket = await openSocket(gateway.port);
  socket.write(get(`${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`) + smuggled);
  await expect.poll(() => upstream.received().endsWith(smuggled)).toBe(true);
  // Frames that nobody takes stay with whoever sends them.
  upstream.connections[0]?.socket.pause();
  const taken = await whileOthersAnswer(gateway, () => takenOf(socket));
  expect(taken).toBeLessThan(40 * 1024 * 1024);
  expect(upstream.connections).toHaveLength(1);
  upstream.connections[0]?.socket.destroy();
  await gateway.drained('release-1');
});

/** How much of an endless stream is taken before no more is. */
async function takenOf(socket: Socket): Promise<number> {
  const piece = Buffer.alloc(1024 * 1024);
  let taken = 0;
  let before = -1;
  const send = (): void => {
    socket.write(piece, (error) => {
      if (error) return;
      taken += piece.length;
      send();
    });
  };
  send();
  const isStuck = (): boolean => {
    const still = taken === before;
    before = taken;
    return still;
  };
  await expect.poll(isStuck, { interval: 500 }).toBe(true);
  return taken;
}
