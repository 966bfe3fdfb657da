import type { Readable } from 'node:stream';

export const maxLineBytes = 256 * 1024;

/** Cuts a stream of bytes into whole lines, and hands over together what comes together. A line longer than the bound comes in pieces. */
export interface LineSplitter {
  write(chunk: Buffer): void;
  /** Hands over what was printed without a line end. */
  end(): void;
}

/** `onLines` gets lines without their ends, with a line feed between each two of them. */
export function splitLines(
  onLines: (lines: string) => void,
  maxBytes = maxLineBytes,
): LineSplitter {
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
      onLines(rest.toString('utf8', 0, at));
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

  /** At most `maxBytes`, so that only the line that began earlier can be too long. */
  function writePart(part: Buffer): void {
    const first = part.indexOf(10);
    if (first === -1) {
      keep(part);
      return;
    }
    const last = part.lastIndexOf(10);
    const lines = length === 0 ? part.toString('utf8', 0, last) : endBegun(part, first, last);
    onLines(withoutReturns(lines));
    // A copy: what is left of a chunk would keep all of it.
    keep(Buffer.from(part.subarray(last + 1)));
  }

  /** With the line that has begun before this part and ends at `first`. */
  function endBegun(part: Buffer, first: number, last: number): string {
    keep(part.subarray(0, first));
    return take().toString('utf8') + part.toString('utf8', first, last);
  }

  return {
    write(chunk) {
      for (let from = 0; from < chunk.length; from += maxBytes)
        writePart(chunk.subarray(from, from + maxBytes));
    },
    end() {
      if (length > 0) onLines(withoutReturns(take().toString('utf8')));
    },
  };
}

export interface LineReader {
  /** When the stream is closed and its last line handed over. */
  readonly ended: Promise<void>;
  /** From now on nobody writes any more: what is left is read without waiting. */
  hurry(): void;
}

/** Where `onLines` answers with a promise, nothing more is read until it is resolved: whoever writes waits as well. */
export function readLines(
  stream: Readable,
  onLines: (lines: string) => Promise<void> | undefined,
): LineReader {
  if (stream.closed) return { ended: Promise.resolve(), hurry() {} };
  let waits = 0;
  let inHurry = false;
  const resume = (): void => {
    waits -= 1;
    if (waits === 0) stream.resume();
  };
  const lines = splitLines((text) => {
    const room = onLines(text);
    if (room === undefined || inHurry) return;
    waits += 1;
    stream.pause();
    room.then(resume, resume);
  });
  stream.on('data', (chunk: Buffer) => lines.write(chunk));
  const { promise, resolve } = Promise.withResolvers<void>();
  // A broken pipe is an end like any other; `close` follows.
  stream.on('error', () => undefined);
  stream.once('close', () => {
    lines.end();
    resolve();
  });
  return {
    ended: promise,
    hurry() {
      inHurry = true;
      stream.resume();
    },
  };
}

/** The last place up to `at` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4 && start > 0; start -= 1) {
    if (((bytes[start] ?? 0) & 0b1100_0000) !== 0b1000_0000) return start;
  }
  return at;
}

function withoutReturns(lines: string): string {
  if (!lines.includes('\r')) return lines;
  return lines.replaceAll('\r\n', '\n').replace(/\r$/, '');
}
