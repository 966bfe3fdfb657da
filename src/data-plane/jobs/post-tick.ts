import type { LocalAddress } from '../../core/local-address.ts';
import { describeFailure } from '../connections/http/failures.ts';
import { hostOf } from '../connections/http/host-of.ts';
import { HttpConnection, type HttpConnectionLimits } from '../connections/http/http-connection.ts';
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
    const connection = new HttpConnection(sockets.connectTo(address), limits, {
      onFree: (free) => free.destroy(),
      onClosed() {},
    });
    // Node's own listening, with the option of that name, costs a tenth of a request.
    const giveUp = (): void => connection.abort(new Error('It was given up.'));
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    const stopWaiting = timers.after(timeoutMs, () => {
      connection.abort(new Error(`It did not answer within ${timeoutMs / 60_000} minutes.`));
    });
    const finish = (answer: TickAnswer): void => {
      stopWaiting();
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    };
    let status = 0;
    connection.send(
      {
        method: 'POST',
        path: endpoint === '' ? '/' : endpoint,
        headers: ['Host', hostOf(address), 'User-Agent', 'Berth-Scheduler'],
        body: null,
        isLast: true,
      },
      {
        onStart: () => true,
        onHead(head) {
          status = head.status;
        },
        onBody() {},
        onEnd: () => finish({ status }),
        onFailure: (error) => finish({ error: describeFailure(error) }),
      },
    );
  });
}

/** The time of a run is kept by whoever calls. */
const never = 2 ** 31 - 1;
const limits: HttpConnectionLimits = {
  connectMs: never,
  answerMs: never,
  headBytes: 16 * 1024,
  idleMs: 0,
};
