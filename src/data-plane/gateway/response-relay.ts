import type { ServerResponse } from 'node:http';
import { afterPoll } from '../connections/http/after-poll.ts';
import type { AnswerHead } from '../connections/http/answer-head.ts';
import { asError } from '../connections/http/failures.ts';
import type { FlatHeaders } from '../connections/http/flat-headers.ts';
import type { Flow, ResponseTaker } from '../connections/http/http-connection.ts';
import { filterHeaders, responseHeaders } from './headers.ts';

/** RFC 9110, section 6.5.1: they say how a message is framed, whose it is or what to do with it, and are too late for that. */
const neverTrailers: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'keep-alive',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Of a body that costs less to copy than to send beside its head. */
const smallBytes = 8 * 1024;

interface RelayOptions {
  readonly res: ServerResponse;
  readonly correlationId: string;
  /** Called once, when the instance has nothing more to do with the request, and before `failed`. */
  readonly finished: () => void;
  readonly failed: (error: Error) => void;
  /** The client has left before there was a connection. True where nothing will be called any more. */
  readonly withdraw: (relay: ResponseTaker) => boolean;
}

/** Writes what an instance answers to the client, no faster than the client takes it. */
export class ResponseRelay implements ResponseTaker {
  readonly #res: ServerResponse;
  readonly #options: RelayOptions;
  #flow: Flow | undefined;
  /** Written with what comes next: until then the client can still be told what went wrong. */
  #head: AnswerHead | undefined;
  #isPaused = false;

  constructor(options: RelayOptions) {
    this.#res = options.res;
    this.#options = options;
    this.#res.once('close', this.#clientGone);
  }

  onStart(flow: Flow): boolean {
    // The client may have left while the request waited for a connection.
    if (this.#res.destroyed) {
      this.#settle();
      return false;
    }
    this.#flow = flow;
    return true;
  }

  onHead(head: AnswerHead, isAlone: boolean): void {
    if (head.status < 200) return;
    this.#head = head;
    if (!isAlone) return;
    // It is an event stream's or a slow answer's: the client gets it now.
    this.#writeHead();
    this.#res.flushHeaders();
  }

  onBody(data: Buffer): void {
    this.#writeHead();
    // What has come already goes on, in however many pieces.
    if (this.#res.write(data) || this.#isPaused) return;
    this.#isPaused = true;
    this.#flow?.pause();
    this.#res.once('drain', () => {
      this.#isPaused = false;
      this.#flow?.resume();
    });
  }

  onEnd(data: Buffer | undefined, trailers: FlatHeaders): void {
    this.#settle();
    if (data !== undefined && data.length <= smallBytes) {
      // As text, with a character for each byte, it goes in one piece with its head: a tenth less of the whole request.
      const text = data.toString('latin1');
      afterPoll(() => this.#answer(text));
      return;
    }
    this.#writeHead();
    if (trailers.length > 0) {
      const allowed = inPairs(filterHeaders(trailers, (name) => !neverTrailers.has(name)));
      if (allowed.length > 0) this.#res.addTrailers(allowed);
    }
    this.#res.end(data);
  }

  #answer(text: string): void {
    // The client may have left by now.
    if (this.#res.destroyed) return;
    try {
      this.#writeHead();
      this.#res.end(text, 'latin1');
    } catch (error) {
      this.#options.failed(asError(error));
    }
  }

  onFailure(error: Error): void {
    this.#settle();
    if (!this.#res.destroyed) this.#options.failed(error);
  }

  #writeHead(): void {
    if (this.#head === undefined) return;
    const { status, reason, headers: given } = this.#head;
    this.#head = undefined;
    const all = responseHeaders(given, this.#options.correlationId);
    const headers = status === 204 ? filterHeaders(all, (name) => name !== 'content-length') : all;
    this.#res.writeHead(status, printable(reason), headers);
  }

  readonly #clientGone = (): void => {
    if (this.#flow !== undefined) this.#flow.abort(new Error('The client went away.'));
    else if (this.#options.withdraw(this)) this.#settle();
  };

  #settle(): void {
    // From here on it carries what is another's.
    this.#flow = undefined;
    this.#res.off('close', this.#clientGone);
    this.#options.finished();
  }
}

function inPairs(flat: FlatHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}

/** node:http refuses to send a reason phrase with other characters, and nobody reads it. */
function printable(reason: string): string {
  return reason === 'OK' ? reason : reason.replace(/[^\t\x20-\x7e]/g, '?');
}
