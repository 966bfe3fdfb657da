import { request } from 'node:http';
import type { LocalAddress } from '../../core/local-address.ts';
import type { OpenedSockets } from '../connections/opened-sockets.ts';
import type { Timers } from './timers.ts';

export type TickAnswer = { readonly status: number } | { readonly error: string };

interface TickRequest {
  readonly address: LocalAddress;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly sockets: Pick<OpenedSockets, 'connectTo'>;
}

/** Calls a job application and waits until it has answered in full. Never rejects. */
export function postTick({
  address,
  endpoint,
  timeoutMs,
  timers,
  signal,
  sockets,
}: TickRequest): Promise<TickAnswer> {
  return new Promise((resolve) => {
    const outgoing = request({
      ...address,
      createConnection: () => sockets.connectTo(address),
      defaultPort: 80,
      method: 'POST',
      path: endpoint === '' ? '/' : endpoint,
      headers: { 'content-length': '0', 'user-agent': 'Berth-Scheduler' },
    });
    // Node's own listening, with the option of that name, costs a tenth of a request.
    const giveUp = (): void => void outgoing.destroy(new Error('It was given up.'));
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    const stopWaiting = timers.after(timeoutMs, () => {
      outgoing.destroy(new Error(`It did not answer within ${timeoutMs / 60_000} minutes.`));
    });
    const finish = (answer: TickAnswer): void => {
      stopWaiting();
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    };
    outgoing.once('response', (response) => {
      response.resume();
      response.once('end', () => finish({ status: response.statusCode ?? 0 }));
      response.once('error', (error) => finish({ error: error.message }));
    });
    outgoing.on('error', (error) => finish({ error: error.message }));
    outgoing.end();
  });
}
