import type { LocalAddress } from '../../core/local-address.ts';
import type { AnswerHead } from '../connections/http/answer-head.ts';
import { describeFailure, isCutOff } from '../connections/http/failures.ts';
import { hostOf } from '../connections/http/host-of.ts';
import type { Flow, HttpConnection, ResponseTaker } from '../connections/http/http-connection.ts';
import type { KeptConnections } from '../connections/kept-connections.ts';

export type PushAnswer = { readonly status: number } | { readonly error: string };

interface PushRequest {
  readonly connections: KeptConnections;
  readonly address: LocalAddress;
  readonly endpoint: string;
  readonly body: string;
}

/** The rest of an answer is of no interest, and the connection is not kept for it any longer than this. */
const afterAnswerMs = 10_000;

/**
 * Answers as soon as the status is known. Never rejects. A kept connection may end just when it is used, which says nothing of the
 * message: it is then sent on one of its own. It could have arrived before; deliveries are at least once.
 */
export async function postMessage(message: PushRequest): Promise<PushAnswer> {
  const { connections, address } = message;
  const sent = await send(message, connections.take(address));
  if (!sent.wasStale) return sent.answer;
  const again = await send(message, connections.open(address));
  // Where an application has just died the first error tells more.
  return 'status' in again.answer ? again.answer : sent.answer;
}

interface Sent {
  readonly answer: PushAnswer;
  readonly wasStale: boolean;
}

function send({ address, endpoint, body }: PushRequest, connection: HttpConnection): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  connection.send(
    {
      method: 'POST',
      path: endpoint === '' ? '/' : endpoint,
      headers: ['Host', hostOf(address), ...headers],
      body,
    },
    new StatusTaker(connection.wasUsed, resolve),
  );
  return promise;
}

const headers = ['Content-Type', 'application/json', 'User-Agent', 'Berth-Push'];

/** Takes the status. The rest is read so that the connection may be kept. */
class StatusTaker implements ResponseTaker {
  readonly #resolve: (sent: Sent) => void;
  readonly #wasUsed: boolean;
  readonly #sentAt = performance.now();
  #flow: Flow | undefined;
  #rest: NodeJS.Timeout | undefined;

  constructor(wasUsed: boolean, resolve: (sent: Sent) => void) {
    this.#wasUsed = wasUsed;
    this.#resolve = resolve;
  }

  onStart(flow: Flow): boolean {
    this.#flow = flow;
    return true;
  }

  onHead({ status, framing }: AnswerHead, isAlone: boolean): void {
    // 102 acknowledges, and some handlers say nothing more.
    if (status < 200 && status !== 102) return;
    this.#resolve({ answer: { status }, wasStale: false });
    if (isAlone || status === 102 || framing === 'chunks') this.#awaitRest();
  }

  onBody(): void {
    this.#awaitRest();
  }

  onEnd(): void {
    clearTimeout(this.#rest);
  }

  /** Most answers come in one piece, and need no timer. */
  #awaitRest(): void {
    this.#rest ??= setTimeout(() => {
      this.#flow?.abort(new Error('It did not end its answer.'));
    }, afterAnswerMs);
  }

  onFailure(error: NodeJS.ErrnoException): void {
    clearTimeout(this.#rest);
    const wasStale = this.#wasUsed && isCutOff(error) && performance.now() - this.#sentAt < staleMs;
    this.#resolve({ answer: { error: describeFailure(error) }, wasStale });
  }
}

/** A connection that had ended says so at once; later it is the application that has died. */
const staleMs = 500;
