import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { afterNextPoll } from '../../../src/data-plane/connections/http/after-poll.ts';
import {
  type BareConnection,
  exchange,
  readRefusal,
  startHostileWorld,
  whileOthersAnswer,
} from './bare-upstream.ts';
import { call, openSocket } from './support.ts';

const request = 'GET / HTTP/1.1\r\nHost: service-1\r\nConnection: close\r\n\r\n';
const head = 'HTTP/1.1 200 OK\r\n';
const limits = { answerMs: 400, clientIdleMs: 1_500, headBytes: 8_192 };

type Take = (connection: BareConnection) => void;

const says =
  (text: string): Take =>
  ({ socket }) =>
    void socket.write(text, 'latin1');

const saysLast =
  (text: string): Take =>
  ({ socket }) =>
    void socket.end(text, 'latin1');

/** As fast as it is taken. */
function saysForever(text: string, piece: string): Take {
  return ({ socket }) => {
    socket.write(text);
    flood(socket, Buffer.from(piece.repeat(Math.ceil(10_000 / piece.length))));
  };
}

function flood(socket: Socket, piece: Buffer): void {
  const go = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', go);
  go();
}

async function allConnectionsEnd(connections: readonly BareConnection[]): Promise<void> {
  await expect.poll(() => connections.every(({ socket }) => socket.destroyed)).toBe(true);
}

describe('is answered with what went wrong', () => {
  const closed = 'closed the connection before it answered.';
  const improper = 'did not answer properly: ';
  const late = 'did not answer in time.';
  test.for<readonly [number, string, Take, string]>([
    [502, 'a reset before the head', ({ socket }) => void socket.resetAndDestroy(), closed],
    [
      502,
      'a reset in the head',
      ({ socket }) => void socket.write(`${head}X`, () => socket.resetAndDestroy()),
      closed,
    ],
    [502, 'an end in the head', saysLast(`${head}X`), closed],
    [504, 'nothing', () => undefined, late],
    [504, 'half a head', says(`${head}X-A: `), late],
    [502, 'an endless reason', saysForever('HTTP/1.1 200 ', 'a'), improper],
    [
      502,
      'a length and chunks',
      says(`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
      improper,
    ],
    [
      502,
      'two lengths',
      says(`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`),
      improper,
    ],
    [
      502,
      'interim answers without end',
      saysForever('', 'HTTP/1.1 102 Processing\r\n\r\n'),
      'more than 100 interim answers',
    ],
    [
      502,
      'hints without end',
      saysForever('', 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'),
      'more than 100 interim answers',
    ],
    [504, 'only a 100 that nobody waited for', says('HTTP/1.1 100 Continue\r\n\r\n'), late],
    [
      502,
      'a 101 nobody asked for',
      says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw'),
      improper,
    ],
    [502, 'a 101 to nothing', says('HTTP/1.1 101 Switching Protocols\r\n\r\nraw'), improper],
    [502, 'headers without end', saysForever(head, 'X-A: bbbb\r\n'), improper],
    [502, 'a header of 1 MB', says(`${head}X-A: ${'b'.repeat(1_000_000)}\r\n\r\n`), improper],
    [502, 'status 000', says('HTTP/1.1 000 Odd\r\n\r\n'), improper],
    [502, 'status 1000', says('HTTP/1.1 1000 Odd\r\n\r\n'), improper],
    [502, 'a status of letters', says('HTTP/1.1 abc Odd\r\n\r\n'), improper],
    [502, 'a status of two digits', says('HTTP/1.1 20 Odd\r\n\r\n'), improper],
    [502, 'a line feed in the reason', says('HTTP/1.1 200 O\nX-Injected: y\r\n\r\n'), improper],
    [
      502,
      'a carriage return in the reason',
      says('HTTP/1.1 200 O\rX-Injected: y\r\n\r\n'),
      improper,
    ],
    [502, 'a line feed alone', says(`${head}X-A: b\nX-Injected: c\r\n\r\n`), improper],
    [502, 'a carriage return alone', says(`${head}X-A: b\rX-Injected: c\r\n\r\n`), improper],
    [502, 'NUL in a header', says(`${head}X-A: b\0\r\n\r\n`), improper],
    [502, 'a folded header', says(`${head}X-A: b\r\n c\r\n\r\n`), improper],
    [
      502,
      'a chunk without a size',
      says(`${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`),
      improper,
    ],
    [
      502,
      'chunks in HTTP/1.0',
      says('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      improper,
    ],
    [
      502,
      'a coding nobody knows',
      says(`${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
      improper,
    ],
    [502, 'a length with a sign', says(`${head}Content-Length: +2\r\n\r\nok`), improper],
    [502, 'HTTP/2', says('HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok'), improper],
    [502, 'a space in a name', says(`${head}X A: b\r\n\r\n`), improper],
  ])('%i: %s', async ([status, , take, reason]) => {
    const { gateway, upstream, log } = await startHostileWorld({ take, limits });
    const text = await whileOthersAnswer(gateway, () => exchange(gateway, request));
    const refusal = readRefusal(text);
    expect(refusal.status).toBe(status);
    expect(refusal.message).toContain('Application hello of deployment deployment-1 ');
    expect(refusal.message).toContain(reason);
    expect(text).not.toContain('Injected: ');
    await allConnectionsEnd(upstream.connections);
    expect(gateway.inFlight('release-1')).toBe(0);
    expect(log()).toMatchObject([{ status }]);
  });
});

describe('is broken off for the client as well', () => {
  test.for<readonly [string, Take]>([
    [
      'a reset in the body',
      ({ socket }) =>
        void socket.write(`${head}Content-Length: 9\r\n\r\nabc`, () =>
          setTimeout(() => socket.resetAndDestroy(), 50),
        ),
    ],
    ['a body shorter than its length', saysLast(`${head}Content-Length: 9\r\n\r\nabc`)],
    ['a body that stops', says(`${head}Content-Length: 9\r\n\r\nabc`)],
    ['a chunk that is none', says(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`)],
    [
      'chunks without a last one',
      saysLast(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`),
    ],
    [
      'a chunk size beyond 64 bits',
      says(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nfffffffffffffffff\r\n`),
    ],
    [
      'a chunk extension without end',
      saysForever(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;`, 'a'),
    ],
    [
      'trailers without end',
      saysForever(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n`, 'a: b\r\n'),
    ],
  ])('%s', async ([, take]) => {
    const { gateway, upstream } = await startHostileWorld({ take, limits });
    const text = await whileOthersAnswer(gateway, () =>
      exchange(gateway, request.replace('Connection: close\r\n', '')),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    await allConnectionsEnd(upstream.connections);
    expect(gateway.inFlight('release-1')).toBe(0);
  });
});

describe('is passed on as far as it is HTTP', () => {
  test.for<readonly [string, Take, RegExp, string]>([
    [
      'an odd status',
      says('HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok'),
      /^HTTP\/1\.1 999 Odd\r\n/,
      'ok',
    ],
    [
      'a reason in no letters',
      says('HTTP/1.1 200 \xe4\0\r\nContent-Length: 2\r\n\r\nok'),
      /^HTTP\/1\.1 200 \?\?\r\n/,
      'ok',
    ],
    [
      'more than its length, without the rest',
      says(`${head}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`),
      /\r\nContent-Length: 2\r\n/,
      'ok',
    ],
    [
      'a body with 204, without it and its length',
      says('HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello'),
      /^HTTP\/1\.1 204 No\r\n(?!.*Content-Length)/is,
      '',
    ],
    [
      'a body with 304, without it',
      says('HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello'),
      /^HTTP\/1\.1 304 No\r\n/,
      '',
    ],
    [
      'a hundred cookies',
      says(`${head}${'Set-Cookie: a=b\r\n'.repeat(100)}Content-Length: 2\r\n\r\nok`),
      /(?:Set-Cookie: a=b\r\n){100}/,
      'ok',
    ],
    [
      'an end instead of a length',
      saysLast('HTTP/1.0 200 OK\r\n\r\nok'),
      /Connection: close/,
      'ok',
    ],
    [
      'hints before the answer',
      says(`HTTP/1.1 103 Early Hints\r\n\r\n${head}Content-Length: 2\r\n\r\nok`),
      /^HTTP\/1\.1 200 /,
      'ok',
    ],
  ])('%s', async ([, take, expected, body]) => {
    const { gateway } = await startHostileWorld({ take, limits });
    const text = await whileOthersAnswer(gateway, () => exchange(gateway, request));
    const end = text.indexOf('\r\n\r\n');
    expect(text.slice(0, end + 2)).toMatch(expected);
    expect(text.slice(end + 4).replace(/^2\r\nok\r\n0\r\n\r\n$/, 'ok')).toBe(body);
    // Nothing is left over for whoever is next.
    await whileOthersAnswer(gateway, () => exchange(gateway, request));
  });
});

test('what an application says beyond an answer reaches nobody, nor does a body of HEAD', async () => {
  const twice = `${head}Content-Length: 2\r\n\r\nok${head}Content-Length: 4\r\n\r\nEVIL`;
  const { gateway, upstream } = await startHostileWorld({ take: says(twice), limits });
  for (const method of ['GET', 'HEAD', 'GET', 'GET'])
    expect((await call({ port: gateway.port, method })).text).toBe(method === 'HEAD' ? '' : 'ok');
  expect(upstream.connections.length).toBeGreaterThan(1);
});

test('an application that closes after each answer is asked through a new connection each time', async () => {
  const { gateway, upstream } = await startHostileWorld({
    take: saysLast(`${head}Connection: close\r\nContent-Length: 2\r\n\r\nok`),
  });
  for (let round = 0; round < 5; round++)
    expect((await call({ port: gateway.port, method: 'POST', body: 'hello' })).text).toBe('ok');
  expect(upstream.connections).toHaveLength(5);
});

test.for<readonly [string, (socket: Socket) => void]>([
  ['ends', (socket) => void socket.end()],
  ['resets', (socket) => void socket.resetAndDestroy()],
])(
  'an application that %s a connection just when it is to be used costs no request',
  async ([, act]) => {
    const { gateway, upstream } = await startHostileWorld({
      take: ({ socket, received }) => {
        const answer = (): void => {
          if (received().endsWith('\r\n\r\n')) socket.write(`${head}Content-Length: 2\r\n\r\nok`);
        };
        socket.on('data', answer);
        answer();
      },
    });
    const client = await openSocket(gateway.port);
    const post = 'POST / HTTP/1.1\r\nHost: service-1\r\nContent-Length: 0\r\n\r\n';
    for (let round = 1; round <= 10; round++) {
      client.write(post);
      await expect.poll(() => client.received().match(/200 OK/g)?.length).toBe(round);
      await new Promise<void>((resolve) => afterNextPoll(resolve));
      client.write(post);
      const last = upstream.connections.at(-1);
      if (last !== undefined) act(last.socket);
      await expect.poll(() => client.received().match(/200 OK/g)?.length).toBe(++round);
      expect(upstream.connections.length).toBe(round / 2 + 1);
    }
  },
);

test('an answer that breaks off behind another one ends the connection', async () => {
  const first = Promise.withResolvers<void>();
  const { gateway } = await startHostileWorld({
    take: ({ socket, received }) => {
      if (received().startsWith('GET /1 '))
        void first.promise.then(() => socket.write(`${head}Content-Length: 1\r\n\r\na`));
      else socket.end(`${head}Content-Length: 5\r\n\r\nbb`);
    },
  });
  const client = await openSocket(gateway.port);
  client.write(
    `GET /1 HTTP/1.1\r\nHost: service-1\r\n\r\nGET /2 HTTP/1.1\r\nHost: service-1\r\n\r\n`,
  );
  await expect.poll(() => gateway.log.length).toBe(1);
  first.resolve();
  await expect.poll(() => client.destroyed).toBe(true);
  expect(client.received()).toMatch(/\r\n\r\na(?!.*\r\n\r\nbbbbb)/s);
});

test('trailers are passed on, but for those that are too late to say what they say', async () => {
  const trailers =
    'X-Sum: 1\r\nSet-Cookie: a=b\r\nContent-Type: text/html\r\nCache-Control: no-store\r\n';
  const { gateway } = await startHostileWorld({
    take: says(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`),
  });
  const answer = await call({ port: gateway.port });
  expect([answer.text, answer.trailers]).toEqual(['ok', { 'x-sum': '1' }]);
});

test('a body without end is ended when its client leaves', async () => {
  const { gateway, upstream } = await startHostileWorld({
    take: saysForever(`${head}\r\n`, 'abc'),
  });
  const socket = await openSocket(gateway.port);
  socket.write(request);
  await whileOthersAnswer(gateway, async () => {
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(1_000_000);
  });
  socket.destroy();
  await gateway.drained('release-1');
  await allConnectionsEnd(upstream.connections);
});

test('a body in tiny pieces is waited for once, however many come while its client takes none', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const { gateway } = await startHostileWorld({
    take: saysForever(`${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'),
  });
  const socket = await openSocket(gateway.port);
  socket.write(request);
  await expect.poll(() => socket.bytesRead).toBeGreaterThan(10_000);
  socket.pause();
  await whileOthersAnswer(gateway, () => new Promise((resolve) => setTimeout(resolve, 300)));
  socket.destroy();
  await gateway.drained('release-1');
  expect(warnings).toEqual([]);
});

describe('an answer before the request is all there', () => {
  const upload = {
    method: 'POST',
    headers: { connection: 'close' },
    body: Buffer.alloc(3_000_000),
  };

  test('is passed on', async () => {
    const take = saysLast('HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
    const { gateway } = await startHostileWorld({ take, limits });
    const answer = await call({ port: gateway.port, ...upload });
    expect([answer.status, answer.text]).toEqual([413, 'no']);
  });

  test('that is none is a bad gateway', async () => {
    const take: Take = ({ socket }) => void socket.resetAndDestroy();
    const { gateway } = await startHostileWorld({ take, limits });
    expect((await call({ port: gateway.port, ...upload })).status).toBe(502);
  });
});
