import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { afterNextPoll } from '../../../../src/data-plane/connections/http/after-poll.ts';
import type {
  Flow,
  HttpRequest,
  ResponseTaker,
} from '../../../../src/data-plane/connections/http/http-connection.ts';
import {
  createHttpPool,
  type HttpPool,
  type HttpPoolLimits,
} from '../../../../src/data-plane/connections/http/http-pool.ts';

/** Takes connections, and says what it is told to. */
async function startServer(onRequest: (socket: Socket, text: string) => void = () => undefined) {
  const sockets: Socket[] = [];
  const texts: string[] = [];
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    texts.push('');
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      texts[index] += data.toString('latin1');
      onRequest(socket, data.toString('latin1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, sockets, texts };
}

const saysOk = (socket: Socket): void => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
};

function openPool({ port }: { port: number }, limits: Partial<HttpPoolLimits> = {}): HttpPool {
  const all = {
    connections: 2,
    connectMs: 5_000,
    answerMs: 5_000,
    headBytes: 1_000,
    idleMs: 5_000,
  };
  const pool = createHttpPool(() => connect(port, '127.0.0.1'), { ...all, ...limits });
  onTestFinished(() => pool[Symbol.dispose]());
  return pool;
}

const get: HttpRequest = { method: 'GET', path: '/', headers: ['Host', 'h'], body: null };

/** Until a connection may be used again. */
const rested = (): Promise<void> => new Promise((resolve) => afterNextPoll(resolve));

interface Asked {
  /** The body; or why there is none. */
  readonly answer: Promise<string>;
  flow?: Flow;
}

function ask(
  pool: HttpPool,
  request: Partial<HttpRequest> = {},
  taker: Partial<ResponseTaker> = {},
): Asked {
  const { promise, resolve } = Promise.withResolvers<string>();
  const asked: Asked = { answer: promise };
  let body = '';
  pool.send(
    { ...get, ...request },
    {
      onStart(flow) {
        asked.flow = flow;
        return true;
      },
      onHead() {},
      onBody(data) {
        body += data;
      },
      onEnd: (data) => resolve(body + (data ?? '')),
      onFailure: (error) => resolve(error.message),
      ...taker,
    },
  );
  return asked;
}

describe('a request', () => {
  test('has its body with its length, whatever its characters', async () => {
    const server = await startServer(saysOk);
    const pool = openPool(server);
    for (const body of ['plain', 'größer']) {
      await ask(pool, { method: 'POST', body }).answer;
      await rested();
      const [text = ''] = server.texts.splice(0, 1, '');
      expect(text).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`);
      expect(Buffer.from(text, 'latin1').toString()).toMatch(new RegExp(`\r\n\r\n${body}$`));
    }
    expect(server.sockets).toHaveLength(1);
  });

  test('of a stream goes in chunks where nobody knows its length', async () => {
    const server = await startServer((socket, text) => {
      if (text.endsWith('0\r\n\r\n')) saysOk(socket);
    });
    const body = Readable.from([Buffer.from('one'), Buffer.alloc(0), Buffer.from('and two')]);
    expect(await ask(openPool(server), { method: 'POST', body }).answer).toBe('ok');
    expect(server.texts[0]).toMatch(
      /chunked\r\n[\s\S]*\r\n\r\n3\r\none\r\n7\r\nand two\r\n0\r\n\r\n$/,
    );
  });

  test.for([
    ['too short', '9'],
    ['too long', '2'],
  ] as const)('whose body is %s for its length fails', async ([, length]) => {
    const server = await startServer();
    const headers = [...get.headers, 'Content-Length', length];
    const body = Readable.from([Buffer.from('hello')]);
    expect(await ask(openPool(server), { method: 'POST', headers, body }).answer).toBe(
      'Its body is not as long as its Content-Length says.',
    );
    await expect.poll(() => server.sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test.for([
    ['fails', new Error('Its source has ended.')],
    ['ends', undefined],
  ] as const)('whose body %s before it is read fails', async ([, error]) => {
    const body = new Readable({ read() {} });
    const pool = openPool(await startServer());
    const onStart = (): boolean => {
      body.destroy(error);
      return true;
    };
    const { answer } = ask(pool, { method: 'POST', body }, { onStart });
    expect(await answer).toBe('Its body has ended too early.');
  });

  test.for<readonly [string, Partial<HttpRequest>]>([
    ['a path with a space', { path: '/a b' }],
    ['a path with a line end', { path: '/\r\nX-A: b' }],
    ['no path', { path: '' }],
    ['a method with a line end', { method: 'GET / HTTP/1.1\r\nX:' }],
    ['a name with a line end', { headers: ['Host', 'h', 'A\r\nB', 'c'] }],
    ['a value with a line end', { headers: ['Host', 'h', 'A', 'b\r\nC: d'] }],
    ['a value with a line feed', { headers: ['Host', 'h', 'A', 'b\nC: d'] }],
    ['a value beyond bytes', { headers: ['Host', 'h', 'A', '\u010d\u010a'] }],
  ])('with %s is not sent', async ([, request]) => {
    const server = await startServer(saysOk);
    expect(await ask(openPool(server), request).answer).toMatch(/^Its (?:path|method|header) /);
    expect(server.texts.join('')).toBe('');
  });
});

describe('a connection', () => {
  test('is used again, but not where whoever answers is about to end it', async () => {
    for (const [about, connections] of [
      ['', 1],
      ['Keep-Alive: timeout=5\r\n', 1],
      ['Keep-Alive: timeout=1\r\n', 3],
      ['Connection: close\r\n', 3],
    ] as const) {
      const server = await startServer((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${about}Content-Length: 2\r\n\r\nok`);
      });
      const pool = openPool(server);
      for (let round = 0; round < 3; round++) {
        expect(await ask(pool).answer).toBe('ok');
        await rested();
      }
      expect([about, server.sockets.length]).toEqual([about, connections]);
    }
  });

  test('that waits too long is ended', async () => {
    const server = await startServer(saysOk);
    await ask(openPool(server, { idleMs: 10 })).answer;
    await expect.poll(() => server.sockets[0]?.destroyed, { timeout: 5_000 }).toBe(true);
  });

  test('on which something comes that nobody asked for is ended', async () => {
    const server = await startServer(saysOk);
    const pool = openPool(server);
    await ask(pool).answer;
    server.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL');
    await expect.poll(() => server.sockets[0]?.destroyed).toBe(true);
    expect(await ask(pool).answer).toBe('ok');
  });

  test.for<readonly [string, (socket: Socket) => void]>([
    ['ends', (socket) => void socket.end()],
    ['is reset', (socket) => void socket.resetAndDestroy()],
    ['says that nobody asks', (socket) => void socket.write('HTTP/1.1 408 Late\r\n\r\n')],
  ])('that %s just before a request was sent has not seen it', async ([, act]) => {
    const server = await startServer(saysOk);
    const pool = openPool(server, { connections: 1 });
    await ask(pool).answer;
    await rested();
    const [socket] = server.sockets;
    if (socket !== undefined) act(socket);
    expect(await ask(pool).answer).toBe('The connection ended before the request was sent.');
    expect(await ask(pool).answer).toBe('ok');
    expect(server.texts.map((text) => text.match(/GET/g)?.length)).toEqual([1, 1]);
  });

  test('that ends behind an answer without telling costs no other request', async () => {
    const server = await startServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const pool = openPool(server, { connections: 1 });
    const all = Array.from({ length: 20 }, () => ask(pool).answer);
    expect(await Promise.all(all)).toEqual(Array(20).fill('ok'));
    for (let round = 0; round < 5; round++) expect(await ask(pool).answer).toBe('ok');
    expect(server.sockets).toHaveLength(25);
  });

  test('on which HEAD was answered is not used again: a body may follow', async () => {
    const server = await startServer((socket, text) => {
      const length = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
      if (text.startsWith('GET')) socket.write(`${length}ok`);
      else socket.write(length, () => setTimeout(() => socket.write(`${length}NO`), 10));
    });
    const pool = openPool(server, { connections: 1 });
    const all = [ask(pool, { method: 'HEAD' }).answer, ask(pool).answer, ask(pool).answer];
    expect(await Promise.all(all)).toEqual(['', 'ok', 'ok']);
  });

  test('is ended by what its taker throws, and by nothing else of it', async () => {
    const server = await startServer(saysOk);
    const pool = openPool(server);
    const throwing = ask(
      pool,
      {},
      {
        onHead() {
          throw new Error('a mistake');
        },
      },
    );
    expect(await throwing.answer).toBe('a mistake');
    expect(await ask(pool).answer).toBe('ok');
  });
});

describe('a pool', () => {
  test('opens only so many, and the others wait for their turn', async () => {
    const server = await startServer();
    const pool = openPool(server);
    const all = Array.from({ length: 5 }, () => ask(pool).answer);
    await expect.poll(() => server.texts.filter((text) => text !== '')).toHaveLength(2);
    for (const socket of server.sockets) {
      socket.on('data', () => saysOk(socket));
      saysOk(socket);
    }
    expect(await Promise.all(all)).toEqual(Array(5).fill('ok'));
    expect(server.sockets).toHaveLength(2);
  });

  test('costs those who wait nothing when others have left, however many', async () => {
    const server = await startServer();
    const pool = openPool(server, { connections: 1 });
    const first = ask(pool).answer;
    let left = 0;
    const leaves: Partial<ResponseTaker> = {
      onStart() {
        left += 1;
        return false;
      },
    };
    for (let number = 0; number < 5_000; number++) ask(pool, {}, leaves);
    const last = ask(pool).answer;
    await expect.poll(() => server.sockets.length).toBe(1);
    const [socket] = server.sockets;
    socket?.on('data', () => saysOk(socket));
    await expect.poll(() => server.texts[0]).not.toBe('');
    if (socket !== undefined) saysOk(socket);
    expect([await first, await last, left]).toEqual(['ok', 'ok', 5_000]);
    expect(server.sockets).toHaveLength(1);
  });

  test('forgets who has left before his turn', async () => {
    const server = await startServer();
    const pool = openPool(server, { connections: 1 });
    const first = ask(pool).answer;
    const leaver: ResponseTaker = {
      onStart: () => expect.unreachable(),
      onHead() {},
      onBody() {},
      onEnd() {},
      onFailure: () => expect.unreachable(),
    };
    pool.send(get, leaver);
    const last = ask(pool).answer;
    expect([pool.withdraw(leaver), pool.withdraw(leaver)]).toEqual([true, false]);
    await expect.poll(() => server.texts[0]).toContain('GET');
    const [socket] = server.sockets;
    socket?.on('data', () => saysOk(socket));
    if (socket !== undefined) saysOk(socket);
    expect([await first, await last]).toEqual(['ok', 'ok']);
  });

  test('goes on with those who wait where a connection ends', async () => {
    let asked = 0;
    const server = await startServer((socket) => {
      asked += 1;
      if (asked === 1) socket.destroy();
      else saysOk(socket);
    });
    const pool = openPool(server, { connections: 1 });
    const [first, second] = [ask(pool).answer, ask(pool).answer];
    expect([await first, await second]).toEqual(['The connection ended before the answer.', 'ok']);
  });

  test('finishes what it carries when it is closed, and takes no more', async () => {
    const server = await startServer();
    const pool = openPool(server, { connections: 1 });
    const [first, second] = [ask(pool).answer, ask(pool).answer];
    await expect.poll(() => server.sockets.length).toBe(1);
    const closed = pool.close();
    expect(await ask(pool).answer).toBe('It is being closed.');
    const [socket] = server.sockets;
    socket?.on('data', () => saysOk(socket));
    await expect.poll(() => server.texts[0]).not.toBe('');
    if (socket !== undefined) saysOk(socket);
    expect([await first, await second]).toEqual(['ok', 'ok']);
    await closed;
    await expect.poll(() => socket?.destroyed).toBe(true);
  });

  test('lets go of all when it is disposed of', async () => {
    const server = await startServer();
    const pool = openPool(server, { connections: 1 });
    const all = [ask(pool).answer, ask(pool).answer];
    await expect.poll(() => server.texts[0]).not.toBe(undefined);
    pool[Symbol.dispose]();
    expect(await Promise.all(all)).toEqual([
      'Berth has let go of the connection.',
      'It is being closed.',
    ]);
  });
});

describe('gives up', () => {
  test('an answer that does not begin, though its head drips', async () => {
    const server = await startServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-A: ');
      const drip = setInterval(() => socket.write('a'), 20);
      socket.once('close', () => clearInterval(drip));
    });
    expect(await ask(openPool(server, { answerMs: 200 })).answer).toBe(
      'It did not answer within 0.2 s.',
    );
  });

  test('neither an answer that comes in pieces, nor a reader that takes its time', async () => {
    const server = await startServer(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
      for (const piece of 'answer') {
        await new Promise((resolve) => setTimeout(resolve, 100));
        socket.write(piece);
      }
    });
    const pool = openPool(server, { answerMs: 300 });
    expect(await ask(pool).answer).toBe('answer');
    const paused = ask(pool, {}, { onHead: () => paused.flow?.pause() });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    paused.flow?.resume();
    expect(await paused.answer).toBe('answer');
  });
});
