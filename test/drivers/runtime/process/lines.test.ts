import { expect, test } from 'vitest';
import { splitLines } from '../../../../src/drivers/runtime/process/lines.ts';

test.for([
  { chunks: ['a\nb\n'], lines: ['a', 'b'] },
  { chunks: ['a', 'b', '\n', 'c'], lines: ['ab', 'c'] },
  { chunks: ['a\r', '\nb\r\n'], lines: ['a', 'b'] },
  { chunks: ['a\rb\n'], lines: ['a\rb'] },
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

function split(chunks: readonly Buffer[], maxBytes = 8): readonly string[] {
  const lines: string[] = [];
  const splitter = splitLines((line) => lines.push(line), maxBytes);
  for (const chunk of chunks) splitter.write(chunk);
  splitter.end();
  return lines;
}
