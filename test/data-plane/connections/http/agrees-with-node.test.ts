import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { HttpConnection } from '../../../../src/data-plane/connections/http/http-connection.ts';

type Outcome = { readonly status: number; readonly body: string } | 'failed';

const limits = { connectMs: 10_000, answerMs: 10_000, headBytes: 16_384, idleMs: 1_000 };

/** Says the same to everybody, and ends. */
async function startSayer() {
  let said = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(said, 'latin1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    say(text: string) {
      said = text;
    },
  };
}

function askNode(port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const fail = (): void => resolve('failed');
    request({ port, host: '127.0.0.1', agent: false }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', fail);
    })
      .once('error', fail)
      .once('upgrade', fail)
      .end();
  });
}

function askOurs(port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    let [status, body] = [0, ''];
    const connection = new HttpConnection(connect(port, '127.0.0.1'), limits, {
      onFree: (free) => free.destroy(),
      onClosed() {},
    });
    connection.send(
      { method: 'GET', path: '/', headers: ['Host', 'localhost'], body: null },
      {
        onStart: () => true,
        onHead(head) {
          status = head.status;
        },
        onBody(data) {
          body += data.toString('latin1');
        },
        onEnd(data) {
          resolve({ status, body: body + (data?.toString('latin1') ?? '') });
        },
        onFailure: () => resolve('failed'),
      },
    );
  });
}

const originals = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\nhello',
  'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.',
];
const snippets = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '0',
  '5',
  ',',
  'x',
  ';',
  '\x80',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
];

/** An answer with a few mistakes. */
const broken = fc
  .tuple(
    fc.constantFrom(...originals),
    fc.array(
      fc.record({ at: fc.nat(90), remove: fc.nat(2), add: fc.constantFrom('', ...snippets) }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((now, { at, remove, add }) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + add + now.slice(place + remove);
    }, text),
  );

test('whatever is taken for an answer, Node takes for the same, or for none', async () => {
  const sayer = await startSayer();
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(broken, async (text) => {
      sayer.say(text);
      const [ours, theirs] = await Promise.all([askOurs(sayer.port), askNode(sayer.port)]);
      if (ours === 'failed') return;
      taken += 1;
      if (theirs !== 'failed') expect(ours).toEqual(theirs);
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(50);
});
