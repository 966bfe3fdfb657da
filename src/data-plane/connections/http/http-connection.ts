import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterNextPoll, afterPoll } from './after-poll.ts';
import type { AnswerHead } from './answer-head.ts';
import { AnswerReader, type AnswerTaker } from './answer-reader.ts';
import { asError, cutOff, HttpFailure, isCutOff, unsent } from './failures.ts';
import { lengthIn, printRequestHead, type RequestHead } from './request-head.ts';
import { type SentBody, sendBody } from './sent-body.ts';

export interface HttpRequest extends RequestHead {
  /** Text goes as UTF-8, with its length; a stream in chunks, where `headers` have no Content-Length. */
  readonly body: Readable | string | null;
}

/** A request under way. To be left alone as soon as it is over. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Ends the connection. `onFailure` is called with the reason. */
  abort(reason: Error): void;
}

export interface ResponseTaker extends AnswerTaker {
  /** There is a connection, and nothing has been sent yet. False: nobody wants an answer any more, and nothing else will be called. */
  onStart(flow: Flow): boolean;
  /** Called once, instead of `onEnd`. */
  onFailure(error: Error): void;
}

export interface HttpConnectionLimits {
  readonly connectMs: number;
  /** From the request until the head of its answer, and between two pieces of the answer. */
  readonly answerMs: number;
  /** Of a head, and of the trailers. */
  readonly headBytes: number;
  /** How long it may wait for its next request, where whoever answers does not say how long it does. */
  readonly idleMs: number;
}

export interface HttpConnectionOwner {
  /** It may be given another request. */
  onFree(connection: HttpConnection): void;
  onClosed(connection: HttpConnection): void;
}

/** Whoever answers may end a connection while the next request is on its way there: so much earlier it is not used any more. */
const safetyMs = 2_000;
const longestIdleMs = 600_000;

/** A connection to whoever answers HTTP/1.1, for one request after another. */
export class HttpConnection implements Flow {
  readonly #socket: Socket;
  readonly #limits: HttpConnectionLimits;
  readonly #owner: HttpConnectionOwner;
  #timer: NodeJS.Timeout;
  #isOpen = false;
  #isClosed = false;
  #failure: Error | undefined;
  #wasUsed = false;
  #goodUntil = 0;
  // Of the request under way:
  #request: HttpRequest | undefined;
  #taker: ResponseTaker | undefined;
  #reader: AnswerReader | undefined;
  #body: SentBody | undefined;

  /** @param socket that is on its way */
  constructor(socket: Socket, limits: HttpConnectionLimits, owner: HttpConnectionOwner) {
    this.#socket = socket;
    this.#limits = limits;
    this.#owner = owner;
    this.#timer = this.#startTimer(limits.connectMs);
    socket.once('connect', () => this.#onOpen());
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('drain', () => this.#onDrain());
    socket.once('end', () => this.#onEnd());
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.once('close', () => this.#onClose());
  }

  /** An answer has come through it before: its end may say nothing of the next request. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Whether it may still be used at a moment of `performance.now()`. */
  isGoodAt(now: number): boolean {
    return !this.#isClosed && this.#failure === undefined && now < this.#goodUntil;
  }

  /** One at a time: the first at once, another when it is free. */
  send(request: HttpRequest, taker: ResponseTaker): void {
    if (this.#isClosed) {
      taker.onFailure(this.#failure ?? cutOff());
      return;
    }
    this.#request = request;
    this.#taker = taker;
    if (this.#isOpen) this.#begin(request, taker);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  abort(reason: Error): void {
    this.#failure ??= reason;
    this.#socket.destroy();
  }

  /** What is under way on it fails. */
  destroy(): void {
    this.abort(new HttpFailure('LET_GO', 'Berth has let go of the connection.'));
  }

  #onOpen(): void {
    this.#isOpen = true;
    clearTimeout(this.#timer);
    this.#timer = this.#startTimer(this.#limits.answerMs);
    if (this.#request !== undefined && this.#taker !== undefined)
      this.#begin(this.#request, this.#taker);
  }

  #begin(request: HttpRequest, taker: ResponseTaker): void {
    this.#timer.refresh();
    // It may fail before it is read.
    if (request.body instanceof Readable) request.body.on('error', () => undefined);
    try {
      if (!taker.onStart(this)) {
        this.#rest(0);
        return;
      }
      afterPoll(() => this.#send(request, taker));
    } catch (error) {
      this.abort(asError(error));
    }
  }

  #send(request: HttpRequest, taker: ResponseTaker): void {
    if (this.#socket.destroyed) return;
    try {
      this.#reader = new AnswerReader(request.method, this.#limits.headBytes, taker);
      this.#write(request);
    } catch (error) {
      this.abort(asError(error));
    }
  }

  #write(request: HttpRequest): void {
    const { method, headers, body } = request;
    const socket = this.#socket;
    if (body === null) {
      const saysSo = expectsBody.has(method) || lengthIn(headers) === 0;
      socket.write(printRequestHead(request, saysSo ? 0 : 'none'), 'latin1');
    } else if (typeof body === 'string') {
      const length = Buffer.byteLength(body);
      const head = printRequestHead(request, length);
      // One piece is quicker, and text that is no longer as UTF-8 than it is has the same bytes in both.
      if (length === body.length) socket.write(head + body, 'latin1');
      else {
        socket.cork();
        socket.write(head, 'latin1');
        socket.write(body);
        socket.uncork();
      }
    } else {
      const length = lengthIn(headers);
      socket.write(printRequestHead(request, length ?? 'chunks'), 'latin1');
      this.#body = sendBody(
        body,
        { socket, length },
        // From here on it has the time for its answer.
        { sent: () => this.#timer.refresh(), failed: (error) => this.abort(error) },
      );
    }
  }

  #onData(bytes: Buffer): void {
    const reader = this.#reader;
    if (reader === undefined) {
      // Nobody has asked for it.
      this.#letGo();
      return;
    }
    try {
      const isAll = reader.read(bytes);
      // Not for pieces of a head or interim answers, which could go on for ever.
      if (reader.head !== undefined) this.#timer.refresh();
      if (reader.hasEnded) this.#end(reader.head, isAll);
    } catch (error) {
      this.abort(asError(error));
    }
  }

  #onDrain(): void {
    if (this.#body === undefined) return;
    // It takes the request, which may last.
    this.#timer.refresh();
    this.#body.goOn();
  }

  /** Whoever answers says nothing more. */
  #onEnd(): void {
    try {
      this.#reader?.end();
      if (this.#reader !== undefined) this.#end(undefined, true);
    } catch (error) {
      this.abort(asError(error));
    }
    this.#letGo();
  }

  /** Whoever answers has ended it. */
  #letGo(): void {
    if (this.#taker === undefined) this.destroy();
    else this.abort(cutOff());
  }

  #end(head: AnswerHead | undefined, isAll: boolean): void {
    const mayGoOn = isAll && (this.#body?.isSent ?? true) && this.#request?.isLast !== true;
    this.#wasUsed = true;
    if (head?.isKept === true && mayGoOn) {
      this.#rest(
        head.keptSeconds === undefined
          ? this.#limits.idleMs
          : Math.min(head.keptSeconds * 1_000 - safetyMs, longestIdleMs),
      );
    } else {
      this.#forgetRequest();
      this.destroy();
    }
  }

  /** Some end a connection behind an answer, or say more than that, without telling: whoever is next must not be the one to learn of it. */
  #rest(idleMs: number): void {
    this.#forgetRequest();
    this.#goodUntil = performance.now() + idleMs;
    // Its reader may have left it paused.
    if (this.#socket.isPaused()) this.#socket.resume();
    afterNextPoll(this.#becomeFree);
  }

  readonly #becomeFree = (): void => {
    if (!this.#isClosed && this.#failure === undefined) this.#owner.onFree(this);
  };

  #forgetRequest(): void {
    if (this.#body?.isSent === false) this.#body.drop();
    this.#request = this.#taker = this.#reader = this.#body = undefined;
  }

  #onTime(): void {
    if (!this.#isOpen) {
      const message = `It did not take the connection within ${this.#limits.connectMs / 1_000} s.`;
      this.abort(new HttpFailure('CONNECTION_TOO_LATE', message));
    } else if (this.#taker !== undefined) {
      const isSending = this.#body?.isSent === false && !this.#socket.writableNeedDrain;
      const message = `It did not answer within ${this.#limits.answerMs / 1_000} s.`;
      if (isSending || this.#socket.isPaused()) this.#timer.refresh();
      else this.abort(new HttpFailure('ANSWER_TOO_LATE', message));
    }
  }

  #startTimer(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#onTime(), ms).unref();
  }

  #onClose(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const taker = this.#taker;
    const failure = this.#failure ?? cutOff();
    // Nothing of it is written before there is a reader.
    const isUnsent = this.#isOpen && this.#reader === undefined && isCutOff(failure);
    this.#forgetRequest();
    this.#owner.onClosed(this);
    taker?.onFailure(isUnsent ? unsent() : failure);
  }
}

/** Without a body they say so: some servers wait for one. */
const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
