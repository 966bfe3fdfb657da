import type { Dispatcher } from 'undici';
import type { LocalAddress } from '../../core/local-address.ts';
import type {
  Connection,
  ConnectionLimits,
  KeptConnections,
} from '../connections/kept-connections.ts';

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

function send({ connections, endpoint, body }: PushRequest, connection: Connection): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  connection.client.dispatch(
    { method: 'POST', path: endpoint === '' ? '/' : endpoint, headers, body },
    new AnswerReader(connection, connections.limits, resolve),
  );
  return promise;
}

const headers = ['content-type', 'application/json', 'user-agent', 'Berth-Push'];

/** Takes the status, and reads the rest to keep the connection. */
class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #connection: Connection;
  readonly #resolve: (sent: Sent) => void;
  readonly #answerMs: number;
  readonly #sentAt = performance.now();
  #rest: NodeJS.Timeout | undefined;

  constructor(connection: Connection, limits: ConnectionLimits, resolve: (sent: Sent) => void) {
    this.#connection = connection;
    this.#answerMs = limits.answerMs;
    this.#resolve = resolve;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 102 acknowledges, and some handlers say nothing more.
    if (status < 200 && status !== 102) return;
    this.#resolve({ answer: { status }, wasStale: false });
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      controller.abort(new Error('It did not end its answer.'));
    }, afterAnswerMs);
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    clearTimeout(this.#rest);
    this.#connection.giveBack();
  }

  onResponseError(_controller: unknown, error: NodeJS.ErrnoException): void {
    clearTimeout(this.#rest);
    this.#connection.drop();
    const wasStale =
      this.#connection.wasUsed &&
      endedByPeer.has(error.code ?? '') &&
      performance.now() - this.#sentAt < staleMs;
    this.#resolve({ answer: { error: describe(error, this.#answerMs) }, wasStale });
  }
}

/** A connection that had ended says so at once; later it is the application that has died. */
const staleMs = 500;
const endedByPeer: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** For the report and the log of the application. Texts of the client are about the client. */
function describe({ code, message }: NodeJS.ErrnoException, answerMs: number): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'It refused the connection.';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return 'It closed the connection before it answered.';
    case 'UND_ERR_HEADERS_TIMEOUT':
      return `It did not answer within ${answerMs / 1_000} s.`;
    default:
      return message;
  }
}
