import { type Agent, type ClientRequest, type RequestOptions, request } from 'node:http';
import type { LocalAddress } from '../../core/local-address.ts';
import { connectTo } from '../connections/connect-to.ts';

export type PushAnswer = { readonly status: number } | { readonly error: string };

interface PushRequest {
  readonly address: LocalAddress;
  /** Keeps connections to the application. */
  readonly agent: Agent;
  readonly endpoint: string;
  readonly body: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** The rest of an answer is of no interest, and the connection is not kept for it any longer than this. */
const afterAnswerMs = 10_000;

/**
 * Answers as soon as the status is known. Never rejects. A kept connection may end just when it is used, which says nothing of the
 * message: it is then sent on one of its own. It could have arrived before; deliveries are at least once.
 */
export async function postMessage(message: PushRequest): Promise<PushAnswer> {
  const sent = await send(message, (options) => request({ ...options, agent: message.agent }));
  if (!sent.wasStale) return sent.answer;
  const createConnection = () => connectTo(message.address);
  const again = await send(message, (options) => request({ ...options, createConnection }));
  // Where an application has just died the first error tells more.
  return 'status' in again.answer ? again.answer : sent.answer;
}

interface Sent {
  readonly answer: PushAnswer;
  readonly wasStale: boolean;
}

function send(
  { address, endpoint, body, limitMs, signal }: PushRequest,
  open: (options: RequestOptions) => ClientRequest,
): Promise<Sent> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const outgoing = open({
      ...address,
      defaultPort: 80,
      method: 'POST',
      path: endpoint === '' ? '/' : endpoint,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Berth-Push',
      },
      signal,
    });
    let limit = setTimeout(() => {
      outgoing.destroy(new Error(`It did not answer within ${limitMs / 1_000} s.`));
    }, limitMs);
    const answered = (status: number): void => {
      clearTimeout(limit);
      limit = setTimeout(() => outgoing.destroy(), afterAnswerMs);
      resolve({ answer: { status }, wasStale: false });
    };
    outgoing.on('information', ({ statusCode }) => {
      // 102 acknowledges, and some handlers say nothing more.
      if (statusCode === 102) answered(statusCode);
    });
    outgoing.once('response', (response) => {
      response.on('error', () => undefined).resume();
      answered(response.statusCode ?? 0);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      const wasStale =
        outgoing.reusedSocket &&
        endedByPeer.has(error.code ?? '') &&
        performance.now() - sentAt < staleMs;
      resolve({ answer: { error: error.message }, wasStale });
    });
    outgoing.once('close', () => clearTimeout(limit));
    outgoing.end(body);
  });
}

/** A connection that had ended says so at once; later it is the application that has died. */
const staleMs = 500;
const endedByPeer: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
