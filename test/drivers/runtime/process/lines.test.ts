import { expect, test } from 'vitest';
import { splitLines } from '../../../../src/drivers/runtime/process/lines.ts';

test.for([
  { chunks: ['a\nb\n'], lines: ['a', 'b'] },
  { chunks: ['a', 'b', '\n', 'c'], lines: ['ab', 'c'] },
  { chunks: ['a\r', '\nb\r\n'], lines: ['a', 'b'] },
  { chunks: ['a\rb\n'], lines: ['a\rb'] },
  { chunks: ['a\r\nb\r\nc\r', '\n\r\n'], lines: ['a', 'b', 'c', ''] },
  { chunks: ['a\r'], lines: ['a'] },
  { chunks: ['a', '\n', '\nb\n\nc'], lines: ['a', '', 'b', '', 'c'] },
  { chunks: ['\n\n'], lines: ['', ''] },
  { chunks: [], lines: [] },
  { chunks: ['12345678'], lines: ['12345678'] },
  { chunks: ['1234567890\n'], lines: ['12345678', '90'] },
  { chunks: ['12345', '67890', '1234567\n8'], lines: ['12345678', '90123456', '7', '8'] },
  { chunks: ['1234567ä\n'], lines: ['1234567', 'ä'] },
  { chunks: ['\x1b[31mred\n'], lines: ['\x1b[31mred'] },
])('$chunks are the lines $lines of at most 8 bytes', ({ chunks, lines }) => {
  expect(split(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(lines);
});

test('a character may come byte by byte', () => {
  const bytes = Buffer.from('ü☃𝄞\n');
  expect(
    split(
      Array.from(bytes, (byte) => Buffer.from([byte])),
      100,
    ),
  ).toEqual(['ü☃𝄞']);
});

test('bytes that are no text do not stop the rest', () => {
  const bytes = Buffer.concat([Buffer.alloc(20, 0x80), Buffer.from('\nnext\n')]);
  expect(split([bytes]).at(-1)).toBe('next');
});

test('a line of 10 MB comes in pieces of 256 KiB, however it is written', () => {
  const line = Buffer.alloc(10 * 1024 * 1024, 'x');
  for (const chunkBytes of [1000, 64 * 1024, line.length]) {
    const pieces: string[] = [];
    const splitter = splitLines((text) => pieces.push(text));
    for (let from = 0; from < line.length; from += chunkBytes)
      splitter.write(line.subarray(from, from + chunkBytes));
    splitter.write(Buffer.from('\nnext\n'));
    expect(pieces.map(({ length }) => length).slice(0, 39)).toEqual(Array(39).fill(256 * 1024));
    expect(pieces.join('\n').split('\n').at(-1)).toBe('next');
    expect(pieces.join('').length).toBe(line.length + 'next'.length + 1);
  }
});

test('what comes together is handed over together', () => {
  const texts: string[] = [];
  const splitter = splitLines((text) => texts.push(text));
  for (const chunk of ['a\nb\nc', '\nd\n', 'e']) splitter.write(Buffer.from(chunk));
  splitter.end();
  expect(texts).toEqual(['a\nb', 'c\nd', 'e']);
});

function split(chunks: readonly Buffer[], maxBytes = 8): readonly string[] {
  const lines: string[] = [];
  const splitter = splitLines((text) => lines.push(...text.split('\n')), maxBytes);
  for (const chunk of chunks) splitter.write(chunk);
  splitter.end();
  return lines;
}
