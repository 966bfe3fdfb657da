import type { Berth } from '../support/berth.ts';
import { pause } from './tally.ts';

export interface Publisher {
  /** Each of them must be handled. */
  readonly acknowledged: ReadonlySet<string>;
  /** How often an event was sent again because it was not acknowledged. */
  readonly again: number;
  stop(): Promise<void>;
}

/**
 * Publishes events. The API comes and goes with the control plane, and a client sends again what was not acknowledged; what was, Berth
 * has promised to deliver.
 */
export function startPublisher(berth: Berth, topic: string): Publisher {
  const path = `/v1/projects/${berth.projectKey}/topics/${topic}:publish`;
  const acknowledged = new Set<string>();
  const stopped = new AbortController();
  let again = 0;
  const publish = async (data: string): Promise<void> => {
    const body = { messages: [{ data: btoa(data) }] };
    while (!stopped.signal.aborted) {
      const answer = await berth.request('POST', path, body).catch(() => undefined);
      if (answer?.status === 200) return void acknowledged.add(data);
      again += 1;
      await pause(50, stopped.signal);
    }
  };
  const publishing = (async () => {
    for (let number = 1; !stopped.signal.aborted; number++) {
      await publish(`event ${number}`);
      await pause(100, stopped.signal);
    }
  })();
  return {
    acknowledged,
    get again() {
      return again;
    },
    async stop() {
      stopped.abort();
      await publishing;
    },
  };
}
