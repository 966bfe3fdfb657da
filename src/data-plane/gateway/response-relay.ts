import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { type FlatHeaders, filterHeaders, responseHeaders } from './headers.ts';

/** Each gives the instance more time to answer, and takes some of ours. */
const maxInterimAnswers = 100;

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

interface RelayOptions {
  readonly res: ServerResponse;
  readonly correlationId: string;
  /** Called once, when the instance has nothing more to do with the request, and before `failed`. */
  readonly finished: () => void;
  readonly failed: (error: Error) => void;
}

/** Writes what an instance answers to the client, no faster than the client takes it. */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;
  readonly #options: RelayOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #hasBody = false;
  #interimAnswers = 0;

  constructor(options: RelayOptions) {
    this.#res = options.res;
    this.#options = options;
    this.#res.once('close', this.#clientGone);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The client may have left while the request waited for a connection.
    if (this.#res.destroyed) controller.abort(new Error('The client went away.'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    statusMessage = '',
  ): void {
    if (statusCode < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > maxInterimAnswers)
        controller.abort(new Error(`It sent more than ${maxInterimAnswers} interim answers.`));
      return;
    }
    const all = responseHeaders(flatten(controller.rawHeaders), this.#options.correlationId);
    const headers =
      statusCode === 204 ? filterHeaders(all, (name) => name !== 'content-length') : all;
    this.#res.writeHead(statusCode, printable(statusMessage), headers);
    // A head that comes alone is an event stream's or a slow answer's: the client gets it now.
    process.nextTick(() => {
      if (!this.#hasBody && !this.#res.writableEnded) this.#res.flushHeaders();
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#hasBody = true;
    if (this.#res.write(chunk)) return;
    controller.pause();
    this.#res.once('drain', () => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#settle();
    const trailers = inPairs(
      filterHeaders(flatten(controller.rawTrailers), (name) => !neverTrailers.has(name)),
    );
    if (trailers.length > 0) this.#res.addTrailers(trailers);
    this.#res.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#settle();
    if (!this.#res.destroyed) this.#options.failed(error);
  }

  readonly #clientGone = (): void => {
    this.#controller?.abort(new Error('The client went away.'));
  };

  #settle(): void {
    this.#res.off('close', this.#clientGone);
    this.#options.finished();
  }
}

function flatten(raw: Dispatcher.DispatchController['rawHeaders']): FlatHeaders {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}

function inPairs(flat: FlatHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}

/** node:http refuses to send a reason phrase with other characters, and nobody reads it. */
function printable(statusMessage: string): string {
  return statusMessage.replace(/[^\t\x20-\x7e]/g, '?');
}
