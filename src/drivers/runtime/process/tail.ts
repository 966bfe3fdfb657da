import { stripVTControlCharacters } from 'node:util';

/** The end of an output: whole lines without colours, bounded in bytes. */
export interface Tail {
  add(line: string): void;
  text(): string;
}

export function keepTail(maxBytes: number): Tail {
  const lines: string[] = [];
  let bytes = 0;
  return {
    add(line) {
      const plain = endOf(stripVTControlCharacters(line), maxBytes - 1);
      lines.push(plain);
      bytes += Buffer.byteLength(plain) + 1;
      while (bytes > maxBytes) bytes -= Buffer.byteLength(lines.shift() ?? '') + 1;
    },
    text: () => lines.join('\n'),
  };
}

function endOf(line: string, maxBytes: number): string {
  const bytes = Buffer.from(line);
  if (bytes.length <= maxBytes) return line;
  let start = bytes.length - maxBytes;
  while (((bytes[start] ?? 0) & 0b1100_0000) === 0b1000_0000) start += 1;
  return bytes.toString('utf8', start);
}
