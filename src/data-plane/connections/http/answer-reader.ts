import { type AnswerHead, readAnswerHead } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import { cutOff, invalidAnswer } from './failures.ts';
import type { FlatHeaders } from './flat-headers.ts';

/** Who an answer is for. What it throws ends the connection. */
export interface AnswerTaker {
  /** Of each interim answer (1xx), then of the answer itself. `isAlone`: nothing more has come with it yet. */
  onHead(head: AnswerHead, isAlone: boolean): void;
  onBody(data: Buffer): void;
  /** Called once. `data` is the end of the body, where it came in one piece. */
  onEnd(data: Buffer | undefined, trailers: FlatHeaders): void;
}

/** Searched for its end at once; most heads are shorter. */
const headPiece = 4_096;
/** They cost time, and nobody needs many. */
const maxInterimAnswers = 100;
const none: FlatHeaders = [];

/** Reads one answer from the bytes of a connection, however they are cut (RFC 9112). */
export class AnswerReader {
  readonly #method: string;
  readonly #maxHead: number;
  readonly #taker: AnswerTaker;
  #begun = '';
  #head: AnswerHead | undefined;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #chunks: ChunkedBody | undefined;
  #interimAnswers = 0;
  #hasEnded = false;

  /** @param maxHead bytes of a head, and of the trailers */
  constructor(method: string, maxHead: number, taker: AnswerTaker) {
    this.#method = method;
    this.#maxHead = maxHead;
    this.#taker = taker;
  }

  /** The head of the answer itself. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * @returns whether all of it belongs to the answer
   * @throws HttpFailure
   */
  read(bytes: Buffer): boolean {
    let rest = bytes;
    while (rest.length > 0 && this.#head === undefined) rest = this.#readHead(rest);
    return rest.length === 0 || this.#readBody(rest);
  }

  /**
   * The connection has ended.
   * @throws HttpFailure where the answer has not
   */
  end(): void {
    if (this.#head?.framing !== 'until the end') throw cutOff();
    this.#end(undefined, none);
  }

  #readHead(bytes: Buffer): Buffer {
    const before = this.#begun.length;
    const text = this.#begun + bytes.toString('latin1', 0, Math.min(bytes.length, headPiece));
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if ((end < 0 ? text.length : end) > this.#maxHead)
      throw invalidAnswer(`Its head has more than ${this.#maxHead} bytes.`);
    if (end < 0) {
      this.#begun = text;
      return bytes.subarray(text.length - before);
    }
    this.#begun = '';
    const rest = bytes.subarray(end + 4 - before);
    this.#beginWith(readAnswerHead(text.slice(0, end), this.#method), rest.length === 0);
    return rest;
  }

  #beginWith(head: AnswerHead, isLast: boolean): void {
    if (head.status < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > maxInterimAnswers)
        throw invalidAnswer(`It sent more than ${maxInterimAnswers} interim answers.`);
      this.#taker.onHead(head, false);
      return;
    }
    this.#head = head;
    const { framing } = head;
    this.#taker.onHead(head, isLast && framing !== 0);
    if (framing === 0) this.#end(undefined, none);
    else if (framing === 'chunks')
      this.#chunks = new ChunkedBody(this.#maxHead, (data) => this.#taker.onBody(data));
    else this.#left = framing === 'until the end' ? Number.POSITIVE_INFINITY : framing;
  }

  #readBody(bytes: Buffer): boolean {
    if (this.#hasEnded) return false;
    if (this.#chunks !== undefined) {
      const ended = this.#chunks.read(bytes);
      if (ended === undefined) return true;
      this.#end(undefined, ended.trailers);
      return ended.rest.length === 0;
    }
    if (bytes.length < this.#left) {
      this.#left -= bytes.length;
      this.#taker.onBody(bytes);
      return true;
    }
    const isAll = bytes.length === this.#left;
    this.#end(isAll ? bytes : bytes.subarray(0, this.#left), none);
    return isAll;
  }

  #end(data: Buffer | undefined, trailers: FlatHeaders): void {
    this.#hasEnded = true;
    this.#taker.onEnd(data, trailers);
  }
}
