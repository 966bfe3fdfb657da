import type { Readable } from 'node:stream';

export const maxLineBytes = 256 * 1024;

/** Cuts a stream of bytes into lines. A line that is longer than the bound comes in pieces. */
export interface LineSplitter {
  write(chunk: Buffer): void;
  /** Hands over what was printed without a line end. */
  end(): void;
}

export function splitLines(onLine: (line: string) => void, maxBytes = maxLineBytes): LineSplitter {
  let pieces: Buffer[] = [];
  let length = 0;

  function keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    pieces.push(bytes);
    length += bytes.length;
    if (length > maxBytes) cut();
  }

  function cut(): void {
    let rest = take();
    while (rest.length > maxBytes) {
      const at = characterStart(rest, maxBytes);
      onLine(rest.toString('utf8', 0, at));
      rest = rest.subarray(at);
    }
    pieces = [rest];
    length = rest.length;
  }

  function take(): Buffer {
    const whole = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
    pieces = [];
    length = 0;
    return whole;
  }

  return {
    write(chunk) {
      let from = 0;
      for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, to));
        onLine(withoutReturn(take()).toString('utf8'));
        from = to + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (length > 0) onLine(withoutReturn(take()).toString('utf8'));
    },
  };
}

/** Resolves when the stream is closed and its last line handed over. */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = splitLines(onLine);
  if (stream.closed) return Promise.resolve();
  stream.on('data', (chunk: Buffer) => lines.write(chunk));
  return new Promise((resolve) => {
    // A broken pipe is an end like any other; `close` follows.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      lines.end();
      resolve();
    });
  });
}

/** The last place up to `at` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4 && start > 0; start -= 1) {
    if (((bytes[start] ?? 0) & 0b1100_0000) !== 0b1000_0000) return start;
  }
  return at;
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}
