import { request } from 'node:http';
import type { LocalAddress } from '../../core/local-address.ts';
import { connectTo } from '../connections/connect-to.ts';

export type PushAnswer = { readonly status: number } | { readonly error: string };

interface PushRequest {
  readonly address: LocalAddress;
  readonly endpoint: string;
  readonly body: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** The rest of an answer is of no interest, and the connection is not kept for it any longer than this. */
const afterAnswerMs = 10_000;

/** Answers as soon as the status is known. Never rejects. */
export function postMessage(options: PushRequest): Promise<PushAnswer> {
  const { address, endpoint, body, limitMs, signal } = options;
  return new Promise((resolve) => {
    const outgoing = request({
      ...address,
      createConnection: () => connectTo(address),
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
      resolve({ status });
    };
    outgoing.on('information', ({ statusCode }) => {
      // 102 acknowledges, and some handlers say nothing more.
      if (statusCode === 102) answered(statusCode);
    });
    outgoing.once('response', (response) => {
      response.on('error', () => undefined).resume();
      answered(response.statusCode ?? 0);
    });
    outgoing.on('error', (error) => {
      clearTimeout(limit);
      resolve({ error: error.message });
    });
    outgoing.once('close', () => clearTimeout(limit));
    outgoing.end(body);
  });
}
