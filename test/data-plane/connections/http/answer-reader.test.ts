import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AnswerReader,
  type AnswerTaker,
} from '../../../../src/data-plane/connections/http/answer-reader.ts';

interface Read {
  readonly heads: { status: number; reason: string; headers: string[]; isKept: boolean }[];
  body: string;
  trailers?: string[];
  failure?: string;
  isAll: boolean;
}

/** Reads an answer that comes in pieces, up to its end or its first mistake. */
function read(pieces: readonly string[], { method = 'GET', maxHead = 1_000, ends = false } = {}) {
  const result: Read = { heads: [], body: '', isAll: true };
  const taker: AnswerTaker = {
    onHead({ status, reason, headers, isKept }) {
      result.heads.push({ status, reason, headers, isKept });
    },
    onBody(data) {
      result.body += data.toString('latin1');
    },
    onEnd(data, trailers) {
      expect(result.trailers).toBeUndefined();
      result.body += data?.toString('latin1') ?? '';
      result.trailers = trailers;
    },
  };
  const reader = new AnswerReader(method, maxHead, taker);
  try {
    for (const piece of pieces)
      if (!reader.read(Buffer.from(piece, 'latin1'))) result.isAll = false;
    if (ends && !reader.hasEnded) reader.end();
  } catch (error) {
    result.failure = (error as Error).message;
  }
  return result;
}

const ok = 'HTTP/1.1 200 OK\r\n';

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,10}[!-~\x80-\xff])?)?$/);
const field = fc
  .tuple(token, value)
  .filter(([name]) => !/^(?:content-length|transfer-encoding|connection|keep-alive)$/i.test(name));
const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});

const answer = fc
  .record({
    status: fc.integer({ min: 200, max: 999 }).filter((one) => one !== 204 && one !== 304),
    fields: fc.array(field, { maxLength: 5 }),
    pieces: fc.array(bytes, { maxLength: 5 }),
    framing: fc.constantFrom('length', 'chunks', 'end'),
    extension: fc.constantFrom('', ';a', ' ; a="b"'),
    interim: fc.constantFrom('', 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'),
    trailers: fc.array(field, { maxLength: 2 }),
  })
  .map(({ status, fields, pieces, framing, extension, interim, trailers }) => {
    const body = pieces.join('');
    const chunks = pieces.filter((piece) => piece !== '');
    const lines = (of: readonly (readonly [string, string])[]): string =>
      of.map(([name, text]) => `${name}: ${text}\r\n`).join('');
    const framed: Record<string, readonly [string, string]> = {
      length: [`Content-Length: ${body.length}\r\n`, body],
      chunks: [
        'Transfer-Encoding: chunked\r\n',
        [
          ...chunks.map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`),
          `0\r\n${lines(trailers)}\r\n`,
        ].join(''),
      ],
      end: ['', body],
    };
    const [about = '', sent = ''] = framed[framing] ?? [];
    return {
      text: `${interim}HTTP/1.1 ${status} Some reason\r\n${lines(fields)}${about}\r\n${sent}`,
      status,
      fields: fields.flat(),
      trailers: framing === 'chunks' ? trailers.flat() : [],
      body,
      ends: framing === 'end',
    };
  });

function cut(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((one) => one % (text.length + 1)))].toSorted((a, b) => a - b);
  return [...at, text.length].map((end, position) => text.slice(at[position - 1] ?? 0, end));
}

test('an answer is read the same however it is cut', () => {
  fc.assert(
    fc.property(answer, fc.array(fc.nat(2_000), { maxLength: 12 }), (given, cuts) => {
      for (const pieces of [[given.text], cut(given.text, cuts), [...given.text]]) {
        const { heads, body, trailers, failure, isAll } = read(pieces, { ends: given.ends });
        expect(failure).toBeUndefined();
        const last = heads.at(-1);
        expect([last?.status, last?.reason]).toEqual([given.status, 'Some reason']);
        expect(last?.headers.slice(0, given.fields.length)).toEqual(given.fields);
        expect([body, trailers, isAll]).toEqual([given.body, given.trailers, true]);
      }
    }),
  );
});

test('one that is not all there is never taken for one that is', () => {
  fc.assert(
    fc.property(answer, fc.nat(2_000), (given, at) => {
      fc.pre(!given.ends);
      const { trailers, failure } = read([given.text.slice(0, at % given.text.length)], {
        ends: true,
      });
      expect([trailers, failure]).toEqual([undefined, 'The connection ended before the answer.']);
    }),
  );
});

describe('where an answer ends', () => {
  test.for<readonly [string, string, string, string, boolean]>([
    ['no body of HEAD', 'HEAD', `${ok}Content-Length: 5\r\n\r\n`, '', true],
    ['no body of HEAD in chunks', 'HEAD', `${ok}Transfer-Encoding: chunked\r\n\r\n`, '', true],
    ['no body of 204', 'GET', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello', '', false],
    ['no body of 304', 'GET', 'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n', '', true],
    ['a length of nothing', 'GET', `${ok}Content-Length: 0\r\n\r\n`, '', true],
    ['more than its length', 'GET', `${ok}Content-Length: 2\r\n\r\nokEVIL`, 'ok', false],
    [
      'more than its chunks',
      'GET',
      `${ok}Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nE`,
      'ok',
      false,
    ],
    ['no reason at all', 'GET', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok', true],
  ])('%s', ([, method, text, body, isAll]) => {
    const result = read([text], { method });
    expect([result.failure, result.body, result.trailers, result.isAll]).toEqual([
      ...[undefined, body, [], isAll],
    ]);
    expect(read([...text], { method })).toMatchObject({ body, trailers: [], isAll });
  });
});

describe('whether its connection may carry another request', () => {
  test.for<readonly [string, boolean]>([
    [`${ok}Content-Length: 0\r\n\r\n`, true],
    [`${ok}Content-Length: 0\r\nConnection: close\r\n\r\n`, false],
    [`${ok}Content-Length: 0\r\nConnection: Upgrade\r\nConnection: x, CLOSE \r\n\r\n`, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n', true],
    [`${ok}\r\n`, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n', false],
  ])('%j: %j', ([text, isKept]) => {
    expect(read([text]).heads[0]?.isKept).toBe(isKept);
  });
});

test('lengths that are none are refused also where no body follows', () => {
  for (const lengths of ['Content-Length: 60\r\nContent-Length: x', 'Content-Length: 1, 2']) {
    expect(read([`${ok}${lengths}\r\n\r\n`], { method: 'HEAD' }).failure).toContain('Length');
    expect(read([`HTTP/1.1 304 No\r\n${lengths}\r\n\r\n`]).failure).toContain('Length');
  }
});

describe('is refused', () => {
  const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
  test.for<readonly [string, string]>([
    ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['a version that is longer', 'HTTP/1.10 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a line feed alone in the status line', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['a carriage return alone', `${ok}A: b\rC: d\r\n\r\n`],
    ['a line feed alone', `${ok}A: b\nC: d\r\n\r\n`],
    ['a folded header', `${ok}A: b\r\n c\r\n\r\n`],
    ['a space before the colon', `${ok}Content-Length : 2\r\n\r\nok`],
    ['no name', `${ok}: b\r\n\r\n`],
    ['no colon', `${ok}A\r\n\r\n`],
    ['NUL', `${ok}A: \0\r\n\r\n`],
    ['two lengths', `${ok}Content-Length: 2\r\ncontent-length: 2\r\n\r\nok`],
    ['a list of lengths', `${ok}Content-Length: 2, 2\r\n\r\nok`],
    ['a length that is none', `${ok}Content-Length: 0x2\r\n\r\nok`],
    ['a length of nothing', `${ok}Content-Length: \r\n\r\nok`],
    ['a length that no number holds', `${ok}Content-Length: 9999999999999999\r\n\r\n`],
    ['a length and chunks', `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['chunks twice', `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n`],
    ['chunks in two headers', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n`],
    ['another coding', `${ok}Transfer-Encoding: gzip\r\n\r\n`],
    ['chunks that a tab follows', `${ok}Transfer-Encoding: chunked\t\r\n\r\n`],
    ['chunks in 1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
    ['a chunk without a size', `${chunked};a\r\n`],
    ['a chunk of a sign', `${chunked}-2\r\nok\r\n`],
    ['a chunk in hexadecimal of C', `${chunked}0x2\r\nok\r\n`],
    ['a chunk beyond every number', `${chunked}${'f'.repeat(13)}\r\n`],
    ['a chunk that is longer than its size', `${chunked}2\r\nokay\r\n0\r\n\r\n`],
    ['a chunk whose size ends in a line feed', `${chunked}2\nok\r\n0\r\n\r\n`],
    ['a chunk that ends in a line feed', `${chunked}2\r\nok\n0\r\n\r\n`],
    ['a trailer that is folded', `${chunked}0\r\nA: b\r\n c\r\n\r\n`],
    ['a trailer in a line feed', `${chunked}0\r\nA: b\nC: d\r\n\r\n`],
    ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(101)],
    ['a long extension', `${chunked}2;${'a'.repeat(2_000)}\r\n`],
    ['long trailers', `${chunked}0\r\n${'A: b\r\n'.repeat(200)}\r\n`],
    ['a long head', `${ok}${'A: b\r\n'.repeat(200)}\r\n`],
    ['a head without end', `${ok}${'A'.repeat(2_000)}`],
  ])('%s', ([, text]) => {
    for (const pieces of [[text], [...text]]) {
      const { failure, trailers } = read(pieces);
      expect(failure).toMatch(/^(?:It|Its|One of its|A line of its) .*\.$/);
      expect(trailers).toBeUndefined();
    }
  });
});
