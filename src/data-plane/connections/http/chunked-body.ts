import { readFields } from './answer-head.ts';
import { invalidAnswer } from './failures.ts';
import type { FlatHeaders } from './flat-headers.ts';

/** A size with its extensions: nobody needs long ones, and whoever reads them for ever is kept busy. */
const maxSizeLine = 1_024;
const sizeLine = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?$/;

/** Takes a body out of its chunks (RFC 9112, section 7.1). */
export class ChunkedBody {
  readonly #maxTrailers: number;
  readonly #onData: (data: Buffer) => void;
  #expected: 'size' | 'data' | 'end of data' | 'trailers' = 'size';
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  /** Of a line that has begun. */
  #line = '';
  #trailers: string[] = [];
  #trailersLength = 0;

  constructor(maxTrailers: number, onData: (data: Buffer) => void) {
    this.#maxTrailers = maxTrailers;
    this.#onData = onData;
  }

  /**
   * @returns what follows the body, with its trailers, where it has ended
   * @throws HttpFailure
   */
  read(bytes: Buffer): { readonly rest: Buffer; readonly trailers: FlatHeaders } | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#expected === 'data') {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#expected = 'end of data';
        this.#onData(bytes.subarray(at, end));
        at = end;
        continue;
      }
      const end = bytes.indexOf(10, at);
      const upTo = end < 0 ? bytes.length : end + 1;
      const limit =
        this.#expected === 'trailers' ? this.#maxTrailers - this.#trailersLength : maxSizeLine;
      if (this.#line.length + upTo - at > limit)
        throw invalidAnswer(`One of its chunks has ${tooLong[this.#expected]}.`);
      this.#line += bytes.toString('latin1', at, upTo);
      at = upTo;
      if (end < 0) return undefined;
      const trailers = this.#endLine();
      if (trailers !== undefined) return { rest: bytes.subarray(at), trailers };
    }
    return undefined;
  }

  /** @returns the trailers, where they are all there */
  #endLine(): FlatHeaders | undefined {
    const line = this.#line;
    if (!line.endsWith('\r\n')) throw invalidAnswer('A line of its chunks does not end as one.');
    this.#line = '';
    if (this.#expected === 'trailers') {
      if (line === '\r\n') return readFields(this.#trailers.join(''), 0);
      this.#trailers.push(line);
      this.#trailersLength += line.length;
      return undefined;
    }
    if (this.#expected === 'end of data') {
      if (line !== '\r\n') throw invalidAnswer('One of its chunks is longer than its size.');
      this.#expected = 'size';
      return undefined;
    }
    const [, size] = sizeLine.exec(line.slice(0, -2)) ?? [];
    if (size === undefined) throw invalidAnswer('One of its chunks has no size.');
    this.#left = Number.parseInt(size, 16);
    this.#expected = this.#left === 0 ? 'trailers' : 'data';
    return undefined;
  }
}

const tooLong = {
  size: 'a size that is too long',
  'end of data': 'no end',
  trailers: 'trailers that are too long',
};
